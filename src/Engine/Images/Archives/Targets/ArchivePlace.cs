using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Images.Archives;

/// <summary>The place that a user names for an archive.</summary>
internal static class ArchivePlace
{
    /// <summary>Whether something may be written there.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PathInvalid"/>: something else is there.</exception>
    public static void Check(string path, bool isFolder, bool force)
    {
        bool isLayout = Directory.Exists(path);
        if (isFolder)
        {
            // Only what is a layout itself may be replaced by one: -Force is not the permission to delete a home folder.
            if (File.Exists(path) || (isLayout && Directory.EnumerateFileSystemEntries(path).Any() && !(force && LayoutFolder.Is(path))))
            {
                throw Invalid(
                    path,
                    $"'{path}' exists and is not an empty folder.",
                    "Name a folder that does not exist yet, or with -Force one that is an OCI image layout.");
            }
        }
        else if (isLayout)
        {
            throw Invalid(path, $"'{path}' is a folder.", "Name a file for an archive, or use -Format OciLayout.");
        }
        else if (File.Exists(path) && !force)
        {
            throw Invalid(path, $"'{path}' exists.", "Name another file, or replace it with -Force.");
        }
    }

    /// <summary>The name under which an archive is written until it is whole.</summary>
    public static string Temporary(string path) => Path.Combine(Path.GetDirectoryName(path) ?? path, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");

    private static LayerImageException Invalid(string path, string message, string advice) =>
        new(EngineError.PathInvalid, message) { Target = path, Advice = advice };
}
