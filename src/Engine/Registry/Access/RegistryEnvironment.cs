namespace LayerImage.Engine.Registry;

/// <summary>Where the user's settings for registries are. Computed anew at each look: the environment may change.</summary>
/// <param name="Configuration">The engine's configuration folder.</param>
/// <param name="Variable">Reads an environment variable.</param>
internal sealed record RegistryEnvironment(string Configuration, Func<string, string?> Variable)
{
    /// <summary>Locations, mirrors, blocked and insecure registries.</summary>
    public string RulesFile => Path.Combine(Configuration, "registries.json");

    /// <summary>Folders that have one for each registry with certificates, the first one that does wins.</summary>
    public IReadOnlyList<string> CertificateFolders =>
    [
        Path.Combine(Configuration, "certs.d"),
        Path.Combine(ConfigHome, "containers", "certs.d"),
        Path.Combine(ConfigHome, "docker", "certs.d"),
        .. OperatingSystem.IsWindows() ? [] : (string[])["/etc/docker/certs.d", "/etc/containers/certs.d"],
    ];

    /// <summary>docker's file: the one that is written.</summary>
    public string DockerFile => Path.Combine(Set("DOCKER_CONFIG") ?? Path.Combine(Home, ".docker"), "config.json");

    /// <summary>podman's files, in its order. $REGISTRY_AUTH_FILE stands for all of them.</summary>
    public IReadOnlyList<string> PodmanFiles => Set("REGISTRY_AUTH_FILE") is string file ? [file]
        : [.. RuntimeFile is string runtime ? [runtime] : (string[])[], Path.Combine(ConfigHome, "containers", "auth.json")];

    // Root often has no such variable; podman then takes a folder of its own.
    private string? RuntimeFile => Set("XDG_RUNTIME_DIR") is string run ? Path.Combine(run, "containers", "auth.json")
        : OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess ? "/run/containers/0/auth.json" : null;

    private string Home => Set(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private string ConfigHome => Set("XDG_CONFIG_HOME") ?? Path.Combine(Home, ".config");

    /// <summary>A program on the user's PATH, or null.</summary>
    public string? FindProgram(string name) => (Set("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name))
        .FirstOrDefault(path => Path.IsPathFullyQualified(path) && File.Exists(path));

    private string? Set(string name) => Variable(name) is { Length: > 0 } value ? value : null;
}
