using LayerImage.Engine.References;

namespace LayerImage.Engine.Registry.Credentials;

/// <summary>
/// The names under which log-ins are kept: a registry ("docker.io", "localhost:5000") or, in podman's files, a registry
/// and the beginning of a repository's path. docker's key for its Hub is the address of an interface long gone.
/// </summary>
internal static class LoginName
{
    /// <summary>docker's key for its Hub.</summary>
    public const string HubKey = "https://index.docker.io/v1/";

    /// <summary>The key that docker and its helpers have for a registry.</summary>
    public static string KeyOf(string registry) => registry == ImageReference.HubDomain ? HubKey : registry;

    /// <summary>The name of a key: "https://host/v1/" of old docker versions is the host, a path without a scheme counts.</summary>
    public static string Of(string key)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string name = scheme < 0 ? key.TrimEnd('/') : key[(scheme + 3)..].Split('/')[0];
        string host = name.Split('/')[0];
        return host is "index.docker.io" or "registry-1.docker.io" ? ImageReference.HubDomain + name[host.Length..] : name;
    }

    /// <summary>Whether a log-in is for a repository: its name, or what it is in.</summary>
    public static bool Fits(string login, string name) =>
        name.StartsWith(login, StringComparison.Ordinal) && (name.Length == login.Length || name[login.Length] == '/');
}
