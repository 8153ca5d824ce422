using System.Text;
using System.Text.Unicode;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Images.Browse;

/// <summary>
/// Copies items of the drive to a folder of this machine. Nothing is written through a link: links are made last, and a
/// file takes its place by a rename. Owners, devices and special permissions stay in the image.
/// </summary>
/// <param name="browser">The drive.</param>
/// <param name="recurse">Directories are copied with all that is in them.</param>
/// <param name="force">Files that are in the way are replaced.</param>
/// <param name="observer">Hears of what is left out.</param>
/// <param name="cancellationToken">Ends the work; whole files that were copied stay.</param>
internal sealed class CopyOut(LayerImageBrowser browser, bool recurse, bool force, IEngineObserver observer, CancellationToken cancellationToken)
{
    private const int UsualBits = 0x1FF; // 0777: what is copied is the user's, so it is never setuid
    private const int OwnerMayWrite = 0x1C0;
    private const int Hole = 4096;
    private readonly List<(string Path, string Target)> _links = [];
    private readonly List<(string Path, LayerImageItem Item)> _directories = []; // parents before what is in them

    /// <summary>Copies one item; where it is then.</summary>
    public string Copy(string path, string destination)
    {
        LayerImageItem item = browser.Find(path, cancellationToken) ?? throw LayerImageBrowser.NotFound(path);
        string target = Directory.Exists(destination) ? Path.Combine(destination, NameHere(item)) : destination;
        if (item.IsContainer)
        {
            if (!recurse)
            {
                throw Invalid(item.FullPath, $"'{item.FullPath}' is a folder.", "Use -Recurse to copy it with all that is in it.");
            }
            MakeFolder(item, target);
            for (int next = 0; next < _directories.Count; next++)
            {
                CopyContent(_directories[next].Item, _directories[next].Path);
            }
        }
        else
        {
            CopyFile(item, target);
        }
        foreach ((string link, string text) in _links)
        {
            MakeWay(link);
            Writing(link, () => File.CreateSymbolicLink(link, text));
        }
        for (int i = _directories.Count - 1; i >= 0; i--)
        {
            Dress(_directories[i].Path, _directories[i].Item);
        }
        return target;
    }

    private void MakeFolder(LayerImageItem folder, string target)
    {
        if (new FileInfo(target).LinkTarget is not null || File.Exists(target))
        {
            throw Invalid(target, $"'{target}' is in the way: it is no folder.", "Give another destination.");
        }
        Writing(target, () => Directory.CreateDirectory(target));
        _directories.Add((target, folder));
    }

    // Folders in it are made, and filled later: not by recursion, for a layer can nest them deeper than any stack.
    private void CopyContent(LayerImageItem folder, string target)
    {
        foreach (LayerImageItem item in browser.List(folder.FullPath["LayerImage:".Length..], cancellationToken))
        {
            string place = Path.Combine(target, NameHere(item));
            switch (item.Type)
            {
                case LayerImageItemType.SymbolicLink:
                    _links.Add((place, TextHere(item.LinkTarget!)));
                    break;
                case LayerImageItemType.File:
                    CopyFile(item, place);
                    break;
                case LayerImageItemType.Whiteout
                    or LayerImageItemType.CharacterDevice
                    or LayerImageItemType.BlockDevice
                    or LayerImageItemType.Fifo
                    or LayerImageItemType.Socket:
                    observer.Warning($"'{item.FullPath}' is left out: it is a {item.Type} and has no content.");
                    break;
                default:
                    MakeFolder(item, place);
                    break;
            }
        }
    }

    private void CopyFile(LayerImageItem item, string target)
    {
        using Stream content = browser.OpenContent(item.FullPath["LayerImage:".Length..], cancellationToken);
        if (!force && (File.Exists(target) || new FileInfo(target).LinkTarget is not null))
        {
            throw Invalid(target, $"'{target}' exists.", "Use -Force to replace it.");
        }
        if (Directory.Exists(target))
        {
            throw Invalid(target, $"'{target}' is in the way: it is a folder.", "Give another destination.");
        }
        // A name of its own, for the file's may be as long as a name can be.
        string temporary = Path.Combine(Path.GetDirectoryName(target) ?? "/", $".{Guid.NewGuid():N}.tmp");
        try
        {
            Writing(target, () =>
            {
                Write(content, temporary);
                Dress(temporary, item);
                File.Move(temporary, target, overwrite: force);
            });
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    // Zeros are left out: a log of logins has a few kilobytes, and a length of hundreds of gigabytes.
    private void Write(Stream content, string path)
    {
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        byte[] buffer = new byte[256 << 10];
        for (int read; (read = content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int at = 0, end; at < read; at = end)
            {
                bool isHole = IsHole(buffer.AsSpan(at, Math.Min(Hole, read - at)));
                end = at;
                do
                {
                    end = Math.Min(end + Hole, read);
                }
                while (end < read && IsHole(buffer.AsSpan(end, Math.Min(Hole, read - end))) == isHole);
                if (isHole)
                {
                    file.Seek(end - at, SeekOrigin.Current);
                }
                else
                {
                    file.Write(buffer, at, end - at);
                }
            }
        }
        file.SetLength(file.Position);
    }

    private static bool IsHole(ReadOnlySpan<byte> block) => block.Length == Hole && !block.ContainsAnyExcept((byte)0);

    // What this machine refuses, in the engine's words.
    private static void Writing(string target, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, target);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new LayerImageException(EngineError.PathInvalid, $"'{target}' cannot be written: {e.Message}", e)
            {
                Target = target,
                Advice = "Give another destination.",
            };
        }
    }

    private void MakeWay(string link)
    {
        bool isLink = new FileInfo(link).LinkTarget is not null;
        if (!isLink && Directory.Exists(link))
        {
            throw Invalid(link, $"'{link}' is in the way: it is a folder, and a link would take its place.", "Give another destination.");
        }
        if (!isLink && !File.Exists(link))
        {
            return;
        }
        if (!force)
        {
            throw Invalid(link, $"'{link}' exists.", "Use -Force to replace it.");
        }
        File.Delete(link);
    }

    private static void Dress(string path, LayerImageItem item)
    {
        bool isFolder = item.Type != LayerImageItemType.File && item.IsContainer;
        if (item.Permissions is int permissions && item.Type != LayerImageItemType.SymbolicLink && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)((permissions & UsualBits) | (isFolder ? OwnerMayWrite : 0)));
        }
        if (item.LastWriteTime is DateTimeOffset time && time.UtcDateTime.Year is > 1900 and < 3000)
        {
            FileSystemInfo info = isFolder ? new DirectoryInfo(path) : new FileInfo(path);
            info.LastWriteTimeUtc = time.UtcDateTime;
        }
    }

    // What only the drive cannot hold has its own characters on this machine: a backslash, a line break. Bytes that are no text stay escaped.
    private static string TextHere(string text)
    {
        byte[] bytes = BrowseNames.Decode(text).Bytes.ToArray();
        return !OperatingSystem.IsWindows() && Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : text;
    }

    private static string NameHere(LayerImageItem item)
    {
        string name = TextHere(item.Name);
        return name.Length > 0 && name is not ("." or "..") && name.IndexOfAny(Path.GetInvalidFileNameChars()) < 0
            ? name
            : throw Invalid(item.FullPath, $"'{item.FullPath}' cannot have its name here.", "Copy the file by itself, to a destination with another name.");
    }

    private static LayerImageException Invalid(string target, string what, string advice) =>
        new(EngineError.PathInvalid, what) { Target = target, Advice = advice };
}
