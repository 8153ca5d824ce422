using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Processes;

/// <summary>Finds the programs the engine uses on PATH and in the folders where distributions put root's programs.</summary>
public static class ToolLocator
{
    private static readonly string[] s_systemFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>The program's absolute path, or null.</summary>
    public static string? Find(string name)
    {
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(s_systemFolders);
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>The program's absolute path.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ToolMissing"/>: it is not installed.</exception>
    public static string Get(string name, string package) => Find(name)
        ?? throw new LayerImageException(EngineError.ToolMissing, $"The program '{name}' is not installed on this machine.")
        {
            Target = name,
            Advice = $"Install it with the system's package manager (Debian: apt-get install {package}), or let ./layerimage do so.",
        };
}
