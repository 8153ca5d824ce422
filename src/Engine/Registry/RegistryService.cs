using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry.Credentials;

namespace LayerImage.Engine.Registry;

/// <summary>The user's log-ins at registries, kept where docker keeps them (docs/design/registries.md).</summary>
public sealed class RegistryService
{
    private readonly RegistryConnector _registries;
    private readonly LoginStore _logins;

    internal RegistryService(RegistryConnector registries, LoginStore logins)
    {
        _registries = registries;
        _logins = logins;
    }

    /// <summary>
    /// Logs in: the registry is asked whether it takes the name and password, then they are kept, or the identity token
    /// that it gave for them. Idempotent.
    /// </summary>
    /// <param name="server">The registry: "docker.io", "localhost:5000"; the way docker writes it (https://…) will do.</param>
    /// <param name="credential">Who the user is there.</param>
    /// <param name="observer">Told when a password is kept that others could read from the file.</param>
    /// <param name="cancellationToken">Ends it; nothing is kept.</param>
    /// <exception cref="LayerImageException">RegistryUnauthorized, RegistryUnreachable, RegistryBlocked, RegistryProtocolError,
    /// RegistryConfigurationInvalid, CredentialHelperFailed or ParameterInvalid; nothing was kept.</exception>
    public async Task<RegistryLogin> ConnectAsync(string server, RegistryCredential credential, IEngineObserver observer, CancellationToken cancellationToken)
    {
        string registry = NameOf(server);
        if (credential.UserName.Contains(':', StringComparison.Ordinal)
            || (credential.IdentityToken is null && (credential.UserName.Length == 0 || credential.Password.Length == 0)))
        {
            throw new LayerImageException(EngineError.ParameterInvalid,
                $"A log-in at {registry} needs a user name without a colon, and a password or an identity token.") { Target = registry };
        }
        RegistryCredential proven = await ProveAsync(registry, credential, observer, cancellationToken).ConfigureAwait(false);
        RegistryLogin login = await _logins.SaveAsync(registry, proven, observer, cancellationToken).ConfigureAwait(false);
        if (login is { Helper: null, HasIdentityToken: false })
        {
            observer.Warning(
                $"The password for {registry} is in {login.Path}, not encrypted. A credential helper (\"credsStore\" in that file) would keep it better.");
        }
        return login;
    }

    /// <summary>Logs out: forgets what docker's file, or the helper that it names, has for a registry.</summary>
    /// <exception cref="LayerImageException">RegistryLoginNotFound, RegistryConfigurationInvalid, CredentialHelperFailed or ParameterInvalid.</exception>
    public async Task DisconnectAsync(string server, IEngineObserver observer, CancellationToken cancellationToken)
    {
        string registry = NameOf(server);
        if (!await _logins.EraseAsync(registry, observer, cancellationToken).ConfigureAwait(false))
        {
            throw NotFound(registry);
        }
    }

    /// <summary>All log-ins of the user's, docker's and podman's; when several are for one registry, the first one is used.</summary>
    /// <exception cref="LayerImageException">RegistryConfigurationInvalid or CredentialHelperFailed.</exception>
    public Task<IReadOnlyList<RegistryLogin>> ListAsync(CancellationToken cancellationToken) => _logins.ListAsync(cancellationToken);

    /// <summary>The registries that the user's files name, for completion: without asking a helper.</summary>
    /// <exception cref="LayerImageException">RegistryConfigurationInvalid.</exception>
    public IReadOnlyList<string> Names() => _logins.Names();

    /// <summary>A registry's name, from any of the ways in which people write it.</summary>
    /// <exception cref="LayerImageException">ParameterInvalid.</exception>
    public static string NameOf(string server)
    {
        string name = LoginName.Of(server.Trim());
        bool isName = name.Length > 0 && !name.Contains('@', StringComparison.Ordinal) && Uri.TryCreate($"none://{name}/", UriKind.Absolute, out Uri? uri)
            && uri.AbsolutePath == "/" && string.Equals(uri.Authority, name, StringComparison.OrdinalIgnoreCase);
        return isName ? name : throw new LayerImageException(EngineError.ParameterInvalid, $"'{server}' is not a registry's name.")
        { Target = server, Advice = $"Write host or host:port, such as {ImageReference.HubDomain} or localhost:5000." };
    }

    /// <summary>The error for a log-in that is not there.</summary>
    public static LayerImageException NotFound(string server) =>
        new(EngineError.RegistryLoginNotFound, $"There is no log-in for {server} to forget or to show.")
        { Target = server, Advice = "Get-ImageRegistry lists the log-ins. What podman keeps in its own file, podman logout removes." };

    private async Task<RegistryCredential> ProveAsync(
        string registry,
        RegistryCredential credential,
        IEngineObserver observer,
        CancellationToken cancellationToken)
    {
        using RegistryConversation conversation = _registries.OpenRegistry(registry, credential);
        Uri api = conversation.Endpoint.Base;
        using HttpResponseMessage response =
            await conversation.SendAsync(HttpMethod.Get, api, RegistryRequestOptions.None, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw RegistryErrors.Unauthorized(api, hadCredential: true);
        }
        if (!response.IsSuccessStatusCode)
        {
            bool itsFault = response.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;
            throw new LayerImageException(
                itsFault ? EngineError.RegistryUnreachable : EngineError.RegistryProtocolError,
                $"{api} answered {(int)response.StatusCode}: {(itsFault ? "the registry has a fault of its own" : "there is no registry")}.")
            { Target = registry, Advice = "Check the registry's name and port." };
        }
        if (!conversation.Authenticator.HasCredential)
        {
            observer.Warning($"The registry {registry} does not ask who its users are; the log-in could not be verified.");
        }
        return conversation.Authenticator.IdentityToken is string token
            ? new RegistryCredential(credential.UserName, "") { IdentityToken = token }
            : credential;
    }
}
