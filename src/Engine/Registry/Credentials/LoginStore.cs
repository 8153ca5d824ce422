using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;

namespace LayerImage.Engine.Registry.Credentials;

/// <summary>
/// The user's log-ins, where docker and podman keep them. Read: docker's config.json, then podman's files; a log-in for
/// a repository goes before one for its registry, wherever it is; in each file a helper goes before what is written in
/// it. Written: docker's config.json, or the helper it names.
/// </summary>
/// <param name="environment">Where the files are.</param>
/// <param name="lockFile">Held while the file is changed, so that two processes lose nothing of each other's.</param>
internal sealed class LoginStore(RegistryEnvironment environment, string lockFile)
{
    /// <summary>Who the user is at a repository (registry/path) or a registry. What cannot be read is told, not thrown: many images are for everyone.</summary>
    public async Task<FoundLogin> FindAsync(string name, CancellationToken cancellationToken)
    {
        string registry = name.Split('/')[0];
        string? problem = null;
        List<LoginFile> files = [];
        foreach (string path in AllFiles())
        {
            try
            {
                files.Add(LoginFile.Read(path));
            }
            catch (LayerImageException e)
            {
                problem ??= e.Message;
            }
        }
        RegistryCredential? own = files.SelectMany(file => file.Logins).Where(login => login.Name.Length > registry.Length && LoginName.Fits(login.Name, name))
            .OrderByDescending(login => login.Name.Length).FirstOrDefault().Credential;
        if (own is not null)
        {
            return new FoundLogin(own);
        }
        foreach (LoginFile file in files)
        {
            try
            {
                RegistryCredential? credential = await FromHelperAsync(file, registry, cancellationToken).ConfigureAwait(false)
                    ?? file.Logins.FirstOrDefault(login => login.Name == registry).Credential;
                if (credential is not null)
                {
                    return new FoundLogin(credential);
                }
            }
            catch (LayerImageException e)
            {
                problem ??= e.Message;
            }
        }
        return problem is null ? FoundLogin.Nobody : new FoundLogin(null, problem);
    }

    /// <summary>Keeps a log-in and says where.</summary>
    /// <exception cref="LayerImageException">RegistryConfigurationInvalid or CredentialHelperFailed; nothing was changed.</exception>
    public async Task<RegistryLogin> SaveAsync(string registry, RegistryCredential credential, IEngineObserver observer, CancellationToken cancellationToken)
    {
        using FileLock held = await LockAsync(observer, cancellationToken).ConfigureAwait(false);
        LoginFile file = LoginFile.Read(environment.DockerFile);
        string? helper = file.HelperOf(registry);
        if (helper is not null)
        {
            await new CredentialHelper(environment, helper).StoreAsync(LoginName.KeyOf(registry), credential, cancellationToken).ConfigureAwait(false);
        }
        file.Set(registry, helper is null ? credential : null);
        file.Write();
        return ToLogin(registry, credential, file.Path, helper);
    }

    /// <summary>Forgets a log-in of docker's file and its helper; false when there is none.</summary>
    /// <exception cref="LayerImageException">RegistryConfigurationInvalid or CredentialHelperFailed.</exception>
    public async Task<bool> EraseAsync(string registry, IEngineObserver observer, CancellationToken cancellationToken)
    {
        using FileLock held = await LockAsync(observer, cancellationToken).ConfigureAwait(false);
        LoginFile file = LoginFile.Read(environment.DockerFile);
        bool found = false;
        if (file.HelperOf(registry) is string name)
        {
            CredentialHelper helper = new(environment, name);
            found = await FromHelperAsync(file, registry, cancellationToken).ConfigureAwait(false) is not null;
            await helper.EraseAsync(LoginName.KeyOf(registry), cancellationToken).ConfigureAwait(false);
        }
        if (file.Remove(registry))
        {
            file.Write();
            found = true;
        }
        return found;
    }

    /// <summary>All log-ins, those that are used first.</summary>
    /// <exception cref="LayerImageException">RegistryConfigurationInvalid or CredentialHelperFailed.</exception>
    public async Task<IReadOnlyList<RegistryLogin>> ListAsync(CancellationToken cancellationToken)
    {
        List<RegistryLogin> logins = [];
        foreach (string path in AllFiles())
        {
            LoginFile file = LoginFile.Read(path);
            foreach ((string name, string helper) in file.Helpers)
            {
                if (await FromHelperAsync(file, name, cancellationToken).ConfigureAwait(false) is RegistryCredential credential)
                {
                    logins.Add(ToLogin(name, credential, path, helper));
                }
            }
            if (file.Store is string store)
            {
                IReadOnlyList<(string Key, string User)> kept =
                    await new CredentialHelper(environment, store).ListAsync(cancellationToken).ConfigureAwait(false);
                logins.AddRange(kept.Where(login => file.HelperOf(LoginName.Of(login.Key)) == store)
                    .Select(login => ToLogin(LoginName.Of(login.Key), CredentialHelper.Named(login.User), path, store)));
            }
            logins.AddRange(file.Logins.Select(login => ToLogin(login.Name, login.Credential, path, helper: null)));
        }
        return [.. logins.DistinctBy(login => (login.Server, login.Path, login.Helper))];
    }

    /// <summary>The names that the files have something for; no helper is asked, which could ask the user in turn.</summary>
    public IReadOnlyList<string> Names() => [.. AllFiles().SelectMany(path => LoginFile.Read(path).Names).Distinct()];

    private Task<FileLock> LockAsync(IEngineObserver observer, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(lockFile)!);
        return FileLock.AcquireAsync(lockFile, "the log-ins", observer, cancellationToken);
    }

    private IEnumerable<string> AllFiles() => environment.PodmanFiles.Prepend(environment.DockerFile).Distinct();

    private async Task<RegistryCredential?> FromHelperAsync(LoginFile file, string registry, CancellationToken cancellationToken)
    {
        if (file.HelperOf(registry) is not string name)
        {
            return null;
        }
        CredentialHelper helper = new(environment, name);
        string key = LoginName.KeyOf(registry);
        // podman gives its helpers the plain name of docker's Hub.
        return await helper.GetAsync(key, cancellationToken).ConfigureAwait(false)
            ?? (key == registry ? null : await helper.GetAsync(registry, cancellationToken).ConfigureAwait(false));
    }

    private static RegistryLogin ToLogin(string registry, RegistryCredential credential, string path, string? helper) => new()
    {
        Server = registry,
        UserName = credential.UserName,
        HasIdentityToken = credential.IdentityToken is not null,
        Path = path,
        Helper = helper,
    };
}
