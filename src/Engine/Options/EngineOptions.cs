using LayerImage.Engine.Errors;

namespace LayerImage.Engine;

/// <summary>Where an engine keeps its things and which clock it reads. Paths are absolute.</summary>
public sealed record EngineOptions
{
    /// <summary>The store: records, blobs, layers, containers. Survives a reboot.</summary>
    public required string Root { get; init; }

    /// <summary>Sockets, pid files, exit files, network namespaces, bundles. Gone after a reboot.</summary>
    public required string Run { get; init; }

    /// <summary>Permanent configuration of the native host firewall (firewalld zone XML).</summary>
    public required string Configuration { get; init; }

    /// <summary>The program conmon starts when a container ends.</summary>
    public string? AgentPath { get; init; }

    /// <summary>The clock; tests give their own.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Reads an environment variable: where docker's and podman's log-ins are, and the proxies. Read at each use; tests
    /// give their own.
    /// </summary>
    public Func<string, string?> EnvironmentVariable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>
    /// Bytes of layers that may stay inflated for reading files of them; null: 2 GiB, or a tenth of the free space where
    /// that is less.
    /// </summary>
    public long? LayerCacheBytes { get; init; }

    /// <summary>How long firewalld may take for an answer; the default is that of the bus's own library.</summary>
    public TimeSpan FirewalldPatience { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// The defaults: <c>$LAYERIMAGE_ROOT</c>, <c>$LAYERIMAGE_RUN</c> and <c>$LAYERIMAGE_CONFIG</c>, else the
    /// system's folders for root and the XDG base directories for an ordinary user.
    /// </summary>
    public static EngineOptions FromEnvironment()
    {
        bool root = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return new EngineOptions
        {
            Root = Variable("LAYERIMAGE_ROOT")
                ?? (root ? "/var/lib/layerimage" : Path.Combine(Variable("XDG_DATA_HOME") ?? Path.Combine(home, ".local", "share"), "layerimage")),
            Run = Variable("LAYERIMAGE_RUN")
                ?? (root
                    ? "/run/layerimage"
                    : Path.Combine(Variable("XDG_RUNTIME_DIR") ?? Variable("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache"), "layerimage")),
            Configuration = Variable("LAYERIMAGE_CONFIG")
                ?? (root ? "/etc/layerimage" : Path.Combine(Variable("XDG_CONFIG_HOME") ?? Path.Combine(home, ".config"), "layerimage")),
        };
    }

    /// <summary>A command line of the Agent.</summary>
    internal IReadOnlyList<string> AgentCommand(string verb, params IEnumerable<string> arguments) =>
        [AgentPath ?? "layerimage-agent", verb, "--root", Root, "--run", Run, "--configuration", Configuration, .. arguments];

    private static string? Variable(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrEmpty(value))
        {
            return null;
        }
        // The XDG specification has relative ones passed over. Ours was written by who means something by it.
        return Path.IsPathRooted(value) ? Path.GetFullPath(value) : !name.StartsWith("LAYERIMAGE_", StringComparison.Ordinal) ? null
            : throw new LayerImageException(EngineError.PathInvalid, $"${name} is '{value}', which is another folder wherever a process is.")
            {
                Target = value,
                Advice = "Give a path from the root.",
            };
    }
}
