using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Processes;

/// <summary>
/// Finds the programs the engine uses on PATH and in the folders where distributions put root's programs. A folder of PATH
/// that is relative (".") is none: whatever lies in the session's location would be run as root.
/// </summary>
public static class ToolLocator
{
    private static readonly string[] s_systemFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>PATH without its relative folders, for programs that find others by it.</summary>
    public static string SafePath => WithoutRelative(Environment.GetEnvironmentVariable("PATH"));

    /// <summary>The program's absolute path, or null.</summary>
    public static string? Find(string name)
    {
        return SafePath.Split(Path.PathSeparator).Concat(s_systemFolders).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>A list of folders as PATH is one, without the relative ones. Pure.</summary>
    internal static string WithoutRelative(string? path) =>
        string.Join(Path.PathSeparator, (path ?? "").Split(Path.PathSeparator).Where(Path.IsPathFullyQualified));

    /// <summary>The program's absolute path.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ToolMissing"/>: it is not installed.</exception>
    public static string Get(string name, string package) => Find(name)
        ?? throw new LayerImageException(EngineError.ToolMissing, $"The program '{name}' is not installed on this machine.")
        {
            Target = name,
            Advice = $"Install it with the system's package manager (Debian: apt-get install {package}), or let ./layerimage do so.",
        };
}
