namespace LayerImage.Testing;

/// <summary>
/// The repository that a test program was built in: found upwards from the program. Not from a source file's path as
/// the compiler knows it: a deterministic build (CI=true) writes "/_/" there.
/// </summary>
public static class RepositoryFolder
{
    /// <summary>Its path.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LayerImage.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new InvalidOperationException($"No LayerImage.sln lies above {AppContext.BaseDirectory}.");
    }
}
