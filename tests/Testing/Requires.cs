using LayerImage.Engine.Processes;

namespace LayerImage.Testing;

/// <summary>What a system test needs of the machine: null when it is there, else the reason to skip.</summary>
public static class Requires
{
    /// <summary>Root.</summary>
    public static string? Root => Environment.IsPrivilegedProcess ? null : "needs root";

    /// <summary>
    /// A network namespace of the tests' own, so that nothing of the host's network is touched.
    /// build.ps1 Test starts the test programs in one and says so in the environment.
    /// </summary>
    public static string? PrivateNetwork => Root
        ?? (Environment.GetEnvironmentVariable("LAYERIMAGE_TEST_NETNS") == "1" ? null
            : "needs a network namespace of its own: run through ./layerimage build.ps1 Test");

    /// <summary>A program.</summary>
    public static string? Tool(string name) => ToolLocator.Find(name) is null ? $"needs the program '{name}'" : null;

    /// <summary>That this process may open so many files at once; the deepest trees that are taken need as many as they have levels.</summary>
    public static string? OpenFiles(int count)
    {
        // .NET has raised the soft limit to the hard one.
        string limit = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        return long.TryParse(limit, out long most) && most < count ? $"needs {count} open files (the limit is {limit})" : null;
    }

    /// <summary>The first reason among several.</summary>
    public static string? All(params string?[] reasons) => reasons.FirstOrDefault(reason => reason is not null);
}
