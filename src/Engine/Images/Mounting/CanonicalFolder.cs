using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images.Mounting;

/// <summary>
/// Folders of the user's, by the one name that mountinfo knows them by: symbolic links on the way are resolved. The
/// folder itself is none, so that nobody who may write a link decides what is mounted over.
/// </summary>
internal static class CanonicalFolder
{
    /// <summary>An existing folder's canonical path.</summary>
    /// <exception cref="LayerImageException">PathInvalid.</exception>
    public static string Resolve(string path, string what)
    {
        string plain = Check(path, what);
        if (!Libc.TryStat(plain, out FileStatus status))
        {
            throw Refuse(path, what, "does not exist", "Make it, or correct the path.");
        }
        if (status.Type == FileType.SymbolicLink)
        {
            throw Refuse(path, what, $"is a symbolic link (to {new FileInfo(plain).LinkTarget})", "Give the folder that it leads to.");
        }
        return status.Type == FileType.Directory ? Canonical(plain, what) : throw Refuse(path, what, "is not a folder", "Give a folder.");
    }

    /// <summary>The same for a folder that may not exist; its parent must. Makes nothing.</summary>
    public static (string Path, bool Exists) ResolveNew(string path, string what)
    {
        string plain = Check(path, what);
        if (plain == "/")
        {
            throw Refuse(path, what, "is the root of this machine", "Give another folder.");
        }
        if (Libc.TryStat(plain, out _))
        {
            return (Resolve(path, what), true);
        }
        string parent = Path.GetDirectoryName(plain)!;
        if (!Directory.Exists(parent))
        {
            throw Refuse(path, what, $"cannot be made: there is no folder {parent}", "Make its parent first, or correct the path.");
        }
        return (Path.Combine(Canonical(parent, what), Path.GetFileName(plain)), false);
    }

    /// <summary>Whether a path is a folder or beneath it.</summary>
    public static bool IsWithin(string path, string folder) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static string Check(string path, string what)
    {
        // A name that is not UTF-8 comes here as U+FFFD or a lone surrogate and can no longer be told from others.
        bool isText = path.Length > 0
            && !path.Contains('\0', StringComparison.Ordinal)
            && !path.Contains('\uFFFD', StringComparison.Ordinal)
            && IsWellFormed(path);
        return isText && Path.IsPathRooted(path)
            ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))
            : throw Refuse(
                path,
                what,
                isText ? "is not absolute" : "has a name that is not UTF-8",
                "Give an absolute path in UTF-8; a bind mount gives a folder another name.");
    }

    private static bool IsWellFormed(string text)
    {
        foreach (System.Text.Rune rune in text.EnumerateRunes())
        {
            if (rune.Value == 0xFFFD)
            {
                return false;
            }
        }
        return true;
    }

    private static string Canonical(string path, string what)
    {
        using SafeFileHandle folder = Libc.Open(path, OpenFlags.PathOnly | OpenFlags.Directory);
        string found = new FileInfo($"/proc/self/fd/{folder.DangerousGetHandle()}").LinkTarget!;
        return found.Contains('\uFFFD', StringComparison.Ordinal)
            ? throw Refuse(path, what, "leads to a name that is not UTF-8", "A bind mount gives a folder another name.")
            : found;
    }

    private static LayerImageException Refuse(string path, string what, string why, string advice) =>
        new(EngineError.PathInvalid, $"The {what} '{path}' {why}.") { Target = path, Advice = advice };
}
