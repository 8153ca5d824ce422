using LayerImage.Engine.IO;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// A new content for a file, on the disk under another name until <see cref="Commit"/> renames it. All that usually
/// fails (a full or read-only disk, a missing right) fails before that.
/// </summary>
internal sealed class ConfigurationFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _done;

    private ConfigurationFile(string path, string temporary)
    {
        _path = path;
        _temporary = temporary;
    }

    /// <summary>Writes the content beside the file.</summary>
    public static ConfigurationFile Stage(string path, string content)
    {
        string folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        string temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        ConfigurationFile file = new(path, temporary);
        try
        {
            using FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write);
            if (!OperatingSystem.IsWindows())
            {
                // As firewalld's own, whatever the session's umask is: for all to read, for root alone to write.
                File.SetUnixFileMode(stream.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            }
            stream.Write(System.Text.Encoding.UTF8.GetBytes(content));
            stream.Flush(flushToDisk: true);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Puts it in place, durably.</summary>
    public void Commit()
    {
        AtomicFile.Publish(_temporary, _path);
        _done = true;
    }

    /// <summary>Takes the temporary file away when it was not put in place.</summary>
    public void Dispose()
    {
        if (!_done)
        {
            File.Delete(_temporary);
            _done = true;
        }
    }
}
