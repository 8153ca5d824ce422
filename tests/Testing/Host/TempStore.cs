using LayerImage.Engine;

namespace LayerImage.Testing.Host;

/// <summary>A store, run folder and configuration of a test's own, removed at the end with a check for left mounts.</summary>
public sealed class TempStore : IDisposable
{
    private readonly TempFolder _folder = new("limg-");

    /// <summary>Makes the folders.</summary>
    public TempStore(TimeProvider? clock = null)
    {
        Directory.CreateDirectory(_folder["files"]);
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
    public void Dispose() => _folder.Dispose();
}
