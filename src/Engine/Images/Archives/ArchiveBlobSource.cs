using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using LayerImage.Engine.Errors;
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

    public Task<byte[]> ReadSmallAsync(Descriptor blob, CancellationToken cancellationToken) => Task.FromResult(ArchiveDocuments.Read(files, archive, NameOf(blob.Digest), blob));

    public async Task CopyAsync(Descriptor blob, string partial, PipeWriter onward, Action<long> progress, CancellationToken cancellationToken)
    {
        string name = NameOf(blob.Digest);
        long size = files.Find(name) ?? throw ArchiveErrors.Invalid(archive, $"it does not have '{name}'");
        if (size != blob.Size)
        {
            throw ArchiveErrors.WrongSize(archive, name, blob.Size, size);
        }
        try
        {
            Stream source = files.Open(name);
            await using (source.ConfigureAwait(false))
            {
                await CopyAsync(source, blob, name, partial, onward, progress, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            File.Delete(partial);
            throw e is IOException io && DiskFull.Is(io) ? new LinuxException("write", LinuxException.ENOSPC, partial) : e;
        }
    }

    private async Task CopyAsync(Stream source, Descriptor blob, string name, string partial, PipeWriter onward, Action<long> progress, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = blob.Digest.CreateHash();
        using SafeFileHandle file = File.OpenHandle(partial, FileMode.Create, FileAccess.Write, FileShare.Read, FileOptions.Asynchronous);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long done = 0;
            for (int read; (read = await source.ReadAsync(buffer.AsMemory(0, BufferSize), cancellationToken).ConfigureAwait(false)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                await RandomAccess.WriteAsync(file, buffer.AsMemory(0, read), done, cancellationToken).ConfigureAwait(false);
                done += read;
                _ = await onward.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                progress(done);
            }
            byte[] found = hash.GetCurrentHash();
            if (!blob.Digest.Matches(found))
            {
                throw ArchiveErrors.WrongDigest(archive, name, blob.Digest.ToString(), $"{blob.Digest.Algorithm}:{Convert.ToHexStringLower(found)}");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private string NameOf(Digest digest) => names.TryGetValue(digest, out string? name) ? name : $"blobs/{digest.Algorithm}/{digest.Hex}";
}
