using System.Buffers;
using System.Security.Cryptography;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Oci;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// Blobs of an archive. They are near, so a copy that was ended begins anew: nothing of it stays, not even what another
/// source had received of the same blob, which the archive's bytes have taken the place of.
/// </summary>
/// <param name="files">The archive's files.</param>
/// <param name="archive">What messages call it.</param>
/// <param name="names">Where blobs are that do not lie under "blobs/", by digest.</param>
internal sealed class ArchiveBlobSource(IArchiveFiles files, string archive, IReadOnlyDictionary<Digest, string> names) : IBlobSource
{
    private const int BufferSize = 1 << 20;

    public bool Has(Descriptor blob) => files.Find(NameOf(blob.Digest)) is not null;

    public bool TryElsewhere() => false;

    public Task<byte[]> ReadSmallAsync(Descriptor blob, CancellationToken cancellationToken) =>
        Task.FromResult(ArchiveDocuments.Read(files, archive, NameOf(blob.Digest), blob));

    // All of it is local: reading and writing at once is quicker than to ask the thread pool, and this task has its own thread.
    public Task CopyAsync(Descriptor blob, string partial, Action<long> grown, CancellationToken cancellationToken)
    {
        string name = NameOf(blob.Digest);
        long size = files.Find(name) ?? throw ArchiveErrors.Invalid(archive, $"it does not have '{name}'");
        if (size != blob.Size)
        {
            throw ArchiveErrors.WrongSize(archive, name, blob.Size, size);
        }
        bool isWhole = false;
        try
        {
            Copy(blob, name, partial, grown, cancellationToken);
            isWhole = true;
            return Task.CompletedTask;
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, partial);
        }
        finally
        {
            if (!isWhole)
            {
                File.Delete(partial);
            }
        }
    }

    private void Copy(Descriptor blob, string name, string partial, Action<long> grown, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = blob.Digest.CreateHash();
        using Stream source = files.Open(name);
        using SafeFileHandle file = File.OpenHandle(partial, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        Writeback writeback = new(file);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long done = 0;
            for (int read; (read = source.Read(buffer, 0, BufferSize)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                RandomAccess.Write(file, buffer.AsSpan(0, read), done);
                done += read;
                writeback.Grown(done);
                grown(done);
                hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        byte[] found = hash.GetCurrentHash();
        if (!blob.Digest.Matches(found))
        {
            throw ArchiveErrors.WrongDigest(archive, name, blob.Digest.ToString(), $"{blob.Digest.Algorithm}:{Convert.ToHexStringLower(found)}");
        }
    }

    private string NameOf(Digest digest) => names.TryGetValue(digest, out string? name) ? name : ArchiveNames.Blob(digest);
}
