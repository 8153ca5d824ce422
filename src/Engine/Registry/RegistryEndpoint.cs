using System.Net;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Registry;

/// <summary>Where a registry is on the wire.</summary>
internal static class RegistryEndpoint
{
    private const string HubHost = "registry-1.docker.io";

    /// <summary>The base address. Plain HTTP only on this machine's loopback, as docker does.</summary>
    public static Uri Of(ImageReference reference)
    {
        string host = reference.Registry == ImageReference.HubDomain ? HubHost : reference.Registry;
        return new Uri($"{(IsLoopback(host) ? "http" : "https")}://{host}/v2/{reference.Repository}/");
    }

    private static bool IsLoopback(string hostAndPort)
    {
        string host = new Uri($"http://{hostAndPort}/").Host.Trim('[', ']');
        return host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
    }
}
