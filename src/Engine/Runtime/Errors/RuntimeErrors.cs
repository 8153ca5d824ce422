using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Runtime;

/// <summary>Turns a runtime's words into errors. The words are those of crun 1.x and runc 1.1.</summary>
internal static class RuntimeErrors
{
    private static readonly string[] s_notFound = ["executable file not found", "not found in $PATH", "` not found: "];
    private static readonly string[] s_notExecutable = ["open executable", "permission denied", "is a directory", "exists but it is not executable"];

    // config.json twice, the compiled filter, and what crun and conmon note; with room to spare, since what failed has cleaned up.
    private const long RoomOfStart = 256 << 10;

    // crun since 1.15, of the program alone.
    private const string NotAFile = "` is not a regular file";

    /// <summary>The error that a text tells about starting a command. Pure.</summary>
    public static LayerImageException FromText(string text, string command) => Resolve(text) switch
    {
        CommandResolution.Unknown => new LayerImageException(KindOf(text), $"The container runtime could not start '{command}': {text.Trim()}")
        {
            Target = command,
            Advice = DiskFull.Says(text) ? DiskFull.Advice
                : text.Contains("chdir", StringComparison.Ordinal) ? "Give a -WorkingDirectory that the container has, or make it there first."
                : text.Contains("OOM", StringComparison.Ordinal) ? "Give more -Memory: a container's start alone takes some megabytes."
                : null,
        },
        CommandResolution found => CommandResolver.Error(found, command, null),
    };

    /// <summary>Whether a text says that the program was not found or not executable; else Unknown. Pure.</summary>
    public static CommandResolution Resolve(string text)
    {
        bool Says(string[] phrases) => phrases.Any(phrase => text.Contains(phrase, StringComparison.OrdinalIgnoreCase));
        bool aboutProgram = text.Contains("exec", StringComparison.Ordinal);
        return aboutProgram && Says(s_notFound) ? CommandResolution.NotFound
            : (aboutProgram && Says(s_notExecutable)) || text.Contains(NotAFile, StringComparison.Ordinal) ? CommandResolution.NotExecutable
            : CommandResolution.Unknown;
    }

    /// <summary>A container's processes are there, and what its monitor and runtime keep of it is not.</summary>
    public static LayerImageException FolderLost(string id, string run) => new(EngineError.RuntimeFailed, $"The container {id[..12]} runs, but its files under the run folder {run} are gone: nobody can enter it any more.")
    { Target = id, Advice = "Stop-LayerContainer ends it, and Start-LayerContainer starts it again." };

    /// <summary>What the runtime or the monitor could not do, in words that may be theirs.</summary>
    public static LayerImageException Failed(string message, object? target) =>
        new(KindOf(message), message) { Target = target, Advice = DiskFull.Says(message) ? DiskFull.Advice : null };

    /// <summary>The failure of a start as one of a full disk, when the run folder has less room than a start takes; else null.</summary>
    /// <param name="failure">What crun or conmon said: they do not always say why a write failed.</param>
    /// <param name="run">The run folder.</param>
    public static LayerImageException? FindFull(LayerImageException failure, string run)
    {
        long left = new DriveInfo(run).AvailableFreeSpace;
        return left >= RoomOfStart ? null : new LayerImageException(EngineError.DiskFull,
            $"{failure.Message.TrimEnd('.')}. The file system of the run folder {run} has {left >> 10} KiB left, and a start needs some hundred.", failure)
        {
            Target = failure.Target,
            Advice = DiskFull.Advice,
        };
    }

    // crun and conmon write to the run folder themselves.
    private static EngineError KindOf(string text) => DiskFull.Says(text) ? EngineError.DiskFull : EngineError.RuntimeFailed;
}
