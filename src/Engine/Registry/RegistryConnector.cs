using System.Net;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry.Credentials;
using LayerImage.Engine.Registry.Hosts;

namespace LayerImage.Engine.Registry;

/// <summary>
/// Opens registries: where one is on the wire, and who the user is there. The user's files and environment are read
/// each time, so a change of them is seen by the next call.
/// </summary>
/// <param name="environment">Where the user's files are.</param>
/// <param name="logins">The user's log-ins.</param>
/// <param name="clock">Measures waits.</param>
internal sealed class RegistryConnector(RegistryEnvironment environment, LoginStore logins, TimeProvider clock)
{
    /// <summary>A client for a repository. The caller disposes it.</summary>
    /// <param name="reference">An image in it.</param>
    /// <param name="credential">What the user gave for this call; null for what is known of the registry.</param>
    /// <param name="retry">How often a failed request is made again; null for the usual.</param>
    /// <param name="useMirrors">Whether the registry's mirrors may answer: for receiving only.</param>
    /// <exception cref="Errors.LayerImageException">RegistryBlocked or RegistryConfigurationInvalid.</exception>
    public RegistryClient Open(ImageReference reference, RegistryCredential? credential, RetryPolicy? retry = null, bool useMirrors = false)
    {
        retry ??= new RetryPolicy(RetryPolicy.DefaultCount, clock);
        RegistryRoute route = Routes().Of(reference);
        // What the user gave is for the registry that was named; a mirror gets what is stored for the mirror.
        RegistryConversation[] mirrors = useMirrors
            ? [.. route.Mirrors.Select(mirror => Converse(mirror, null, retry with { Count = Math.Min(retry.Count, 1) }))]
            : [];
        return new RegistryClient(new RegistryTransport(Converse(route.Origin, credential, retry), mirrors), reference);
    }

    /// <summary>A conversation with a registry as a whole, to log in. The caller disposes it.</summary>
    /// <exception cref="Errors.LayerImageException">RegistryBlocked or RegistryConfigurationInvalid.</exception>
    public RegistryConversation OpenRegistry(string registry, RegistryCredential credential) =>
        new(Routes().OfRegistry(registry), Handler(Routes().OfRegistry(registry)), _ => Task.FromResult(new FoundLogin(credential)),
            new RetryPolicy(RetryPolicy.DefaultCount, clock), asksForIdentityToken: credential.IdentityToken is null);

    private RegistryRoutes Routes() =>
        new(RegistryRules.Read(environment.RulesFile), registry => HostCertificates.FindFolder(environment.CertificateFolders, registry) is not null);

    private RegistryConversation Converse(RegistryEndpoint endpoint, RegistryCredential? credential, RetryPolicy retry) => new(endpoint, Handler(endpoint),
        credential is null ? cancellationToken => logins.FindAsync(endpoint.Name, cancellationToken) : _ => Task.FromResult(new FoundLogin(credential)), retry);

    private SocketsHttpHandler Handler(RegistryEndpoint endpoint)
    {
        EnvironmentProxy? proxy = EnvironmentProxy.Read(environment.Variable);
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            // Layers are compressed already, and their bytes are what the digest is of.
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 64,
            UseCookies = false,
            Proxy = proxy,
            // Where the environment says nothing, Windows' and macOS' own settings count; Linux has none.
            UseProxy = proxy is not null || !OperatingSystem.IsLinux(),
        };
        if (!endpoint.IsPlain)
        {
            string? folder = HostCertificates.FindFolder(environment.CertificateFolders, endpoint.Registry);
            HostCertificates.Load(folder).Apply(handler.SslOptions, endpoint.Base.Host, endpoint.IsInsecure);
        }
        return handler;
    }
}
