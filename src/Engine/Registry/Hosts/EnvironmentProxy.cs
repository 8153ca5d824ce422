using System.Globalization;
using System.Net;

namespace LayerImage.Engine.Registry.Hosts;

/// <summary>
/// The proxies that the environment names, as Go's programs (docker, podman) read it: HTTP_PROXY, HTTPS_PROXY and
/// NO_PROXY in either case; names, suffixes, addresses, CIDR blocks and ports in NO_PROXY; never for the loopback.
/// .NET's own reading knows neither the loopback nor CIDR, and happens once in a process.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private readonly Uri? _http, _https;
    private readonly string[] _direct;

    private EnvironmentProxy(Uri? http, Uri? https, string noProxy)
    {
        _http = http;
        _https = https;
        _direct = noProxy.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Credentials = new ProxyCredentials(http, https);
    }

    /// <inheritdoc/>
    public ICredentials? Credentials { get; set; }

    /// <summary>The proxy of an environment, or null when it names none.</summary>
    public static EnvironmentProxy? Read(Func<string, string?> variable)
    {
        string? Either(string name) => variable(name) is { Length: > 0 } upper ? upper : variable(name.ToLowerInvariant());
        Uri? http = Parse(Either("HTTP_PROXY")), https = Parse(Either("HTTPS_PROXY"));
        return http is null && https is null ? null : new EnvironmentProxy(http, https, Either("NO_PROXY") ?? "");
    }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : destination.Scheme == "https" ? _https : _http;

    /// <inheritdoc/>
    public bool IsBypassed(Uri host) => (host.Scheme == "https" ? _https : _http) is null || host.IsLoopback
        || (IPAddress.TryParse(host.DnsSafeHost, out IPAddress? address) && IPAddress.IsLoopback(address))
        || _direct.Any(entry => Fits(entry, host, address));

    private static bool Fits(string entry, Uri host, IPAddress? address)
    {
        if (entry == "*")
        {
            return true;
        }
        if (IPNetwork.TryParse(entry, out IPNetwork network))
        {
            return address is not null && network.Contains(address);
        }
        string name = entry;
        if (!IPAddress.TryParse(entry, out IPAddress? wanted) && entry.LastIndexOf(':') is int colon and > 0)
        {
            if (entry[(colon + 1)..] != host.Port.ToString(CultureInfo.InvariantCulture))
            {
                return false;
            }
            name = entry[..colon];
            _ = IPAddress.TryParse(name.Trim('[', ']'), out wanted);
        }
        if (wanted is not null)
        {
            return wanted.Equals(address);
        }
        // "example.com" is the host and all below it, ".example.com" and "*.example.com" only what is below.
        string suffix = name.TrimStart('*');
        return suffix.StartsWith('.')
            ? host.IdnHost.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
            : host.IdnHost.Equals(suffix, StringComparison.OrdinalIgnoreCase) || host.IdnHost.EndsWith("." + suffix, StringComparison.OrdinalIgnoreCase);
    }

    private static Uri? Parse(string? text) =>
        !string.IsNullOrEmpty(text) && Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out Uri? uri)
            ? uri
            : null;

    private sealed class ProxyCredentials(params Uri?[] proxies) : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType)
        {
            string? user = proxies.FirstOrDefault(proxy => proxy is not null && proxy.Authority == uri.Authority)?.UserInfo;
            string[] parts = (user ?? "").Split(':', 2);
            return string.IsNullOrEmpty(user)
                ? null
                : new NetworkCredential(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
        }
    }
}
