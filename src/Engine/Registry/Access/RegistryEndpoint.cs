using System.Net;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Registry;

/// <summary>Where a repository, or a registry as a whole, is on the wire.</summary>
/// <param name="Registry">The registry's domain as people write it: "docker.io", "127.0.0.1:5000".</param>
/// <param name="Repository">The path in the registry; empty for the registry as a whole.</param>
/// <param name="IsPlain">HTTP without TLS.</param>
/// <param name="IsInsecure">The user gave up TLS for it: any certificate will do, and HTTP where there is no TLS.</param>
internal sealed record RegistryEndpoint(string Registry, string Repository, bool IsPlain, bool IsInsecure)
{
    private const string HubHost = "registry-1.docker.io";

    /// <summary>Registry and repository: "docker.io/library/tomcat".</summary>
    public string Name => Repository.Length == 0 ? Registry : $"{Registry}/{Repository}";

    /// <summary>The base address: https://host/v2/name/.</summary>
    public Uri Base { get; } = new($"{(IsPlain ? "http" : "https")}://{(Registry == ImageReference.HubDomain ? HubHost : Registry)}/v2/"
        + (Repository.Length == 0 ? "" : Repository + "/"));

    /// <summary>The end point that every registry answers to whoever may come in (distribution-spec, end-1).</summary>
    public Uri Root => new(Base, "/v2/");

    /// <summary>What a token has to allow for a request (distribution, "Token Scope Documentation"); null for the registry as a whole.</summary>
    public string? ScopeOf(HttpMethod method) =>
        Repository.Length == 0 ? null : $"repository:{Repository}:{(method == HttpMethod.Get || method == HttpMethod.Head ? "pull" : "pull,push")}";

    /// <summary>Whether a registry is on this machine's loopback, where plain HTTP is what people have, as docker assumes.</summary>
    public static bool IsLoopback(string hostAndPort)
    {
        string host = new Uri($"http://{hostAndPort}/").Host.Trim('[', ']');
        return host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
    }
}
