using LayerImage.Engine;

namespace LayerImage.Testing.Host;

/// <summary>A store, run folder and configuration of a test's own, removed at the end with a check for left mounts.</summary>
public sealed class TempStore : IDisposable
{
    private readonly TempFolder _folder = new("limg-");
    private readonly bool _isInMemory;

    /// <summary>Makes the folders.</summary>
    /// <param name="clock">The store's clock.</param>
    /// <param name="inMemory">
    /// Keep the store in memory, for who makes tens of thousands of files: ext4 takes minutes for that after as many were
    /// deleted (benchmarks/README.md). Needs root and a mount namespace of the test's own.
    /// </param>
    public TempStore(TimeProvider? clock = null, bool inMemory = false)
    {
        Directory.CreateDirectory(_folder["files"]);
        _isInMemory = inMemory;
        if (inMemory)
        {
            Directory.CreateDirectory(_folder["root"]);
            Run("mount", "-t", "tmpfs", "-o", "mode=700", "limg-test", _folder["root"]);
        }
        Options = new EngineOptions
        {
            Root = _folder["root"],
            Run = _folder["run"],
            Configuration = _folder["config"],
            Clock = clock ?? TimeProvider.System,
            EnvironmentVariable = name => Environment.GetValueOrDefault(name),
        };
    }

    /// <summary>The folders as an engine takes them.</summary>
    public EngineOptions Options { get; }

    /// <summary>The same as environment variables, for a process; and the log-ins of nobody.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LAYERIMAGE_ROOT"] = Options.Root,
        ["LAYERIMAGE_RUN"] = Options.Run,
        ["LAYERIMAGE_CONFIG"] = Options.Configuration,
        ["DOCKER_CONFIG"] = _folder["docker"],
        ["REGISTRY_AUTH_FILE"] = _folder["auth.json"],
    };

    /// <summary>A path beside the store, for a test's own files; gone with it.</summary>
    public string this[string relative] => _folder[Path.Combine("files", relative)];

    /// <summary>Removes everything.</summary>
    public void Dispose()
    {
        if (_isInMemory)
        {
            Run("umount", _folder["root"]);
        }
        _folder.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {process.ExitCode}");
        }
    }
}
