using System.Security.Cryptography;
using System.Text;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>
/// Where a registry expects the rest of a blob: a file in <c>ingest</c>, so that a later process goes on with the upload.
/// Who has it open has the upload; a second process begins one of its own and records nothing. That the file cannot be
/// written is no failure: it is a courtesy.
/// </summary>
internal sealed class UploadRecord : IDisposable
{
    private const int LongestLocation = 16 << 10;
    private static readonly TimeSpan s_lifetime = TimeSpan.FromDays(7); // docker-registry's default, too

    private readonly string _path;
    private readonly FileStream? _file;

    private UploadRecord(string path, FileStream? file)
    {
        _path = path;
        _file = file;
    }

    /// <summary>Opens the record of a blob and a repository.</summary>
    public static UploadRecord Open(StoreLayout layout, Digest blob, Uri repository)
    {
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(repository.AbsoluteUri)))[..16];
        string path = $"{layout.Partial(blob)}.{key}.upload";
        try
        {
            return new UploadRecord(path, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new UploadRecord(path, null);
        }
    }

    /// <summary>Removes the records of uploads that no registry knows any more.</summary>
    public static void Sweep(StoreLayout layout, DateTimeOffset now)
    {
        foreach (string path in Directory.EnumerateFiles(layout.Ingest, "*.upload")
            .Where(path => File.GetLastWriteTimeUtc(path) < now.UtcDateTime - s_lifetime))
        {
            TryDelete(path);
        }
    }

    /// <summary>The place that was recorded; null when none was.</summary>
    public Uri? Read()
    {
        if (_file is null || _file.Length is 0 or > LongestLocation)
        {
            return null;
        }
        byte[] text = new byte[_file.Length];
        _file.Position = 0;
        _file.ReadExactly(text);
        return Uri.TryCreate(Encoding.UTF8.GetString(text), UriKind.Absolute, out Uri? location) ? location : null;
    }

    /// <summary>Records where the registry wants the rest of an upload.</summary>
    public void Write(Uri location)
    {
        try
        {
            _file?.SetLength(0);
            _file?.Write(Encoding.UTF8.GetBytes(location.AbsoluteUri));
        }
        catch (IOException)
        {
            // The next process begins anew.
        }
    }

    /// <summary>Deletes it: the upload is over.</summary>
    public void Forget()
    {
        if (_file is not null)
        {
            TryDelete(_path);
        }
    }

    public void Dispose() => _file?.Dispose();

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process has it, or the store is not ours to change.
        }
    }
}
