using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>
/// Where the blobs of an image come from: a registry, an archive, a folder. Every blob that comes out of a source has
/// the size and digest of its descriptor, or the call fails and nothing of it stays under that name.
/// </summary>
internal interface IBlobSource
{
    /// <summary>Whether it has a blob at all: an archive may leave out what its receiver has.</summary>
    bool Has(Descriptor blob);

    /// <summary>
    /// After a failed copy: whether there is another place to ask that was not asked (a registry behind its mirrors). The
    /// next copy asks there.
    /// </summary>
    bool TryElsewhere();

    /// <summary>The bytes of a small blob, a configuration.</summary>
    /// <exception cref="Errors.LayerImageException">The source's failure, DigestMismatch or SizeMismatch.</exception>
    Task<byte[]> ReadSmallAsync(Descriptor blob, CancellationToken cancellationToken);

    /// <summary>
    /// Copies a blob into its partial file, from front to back: who unpacks it reads right behind. What the file holds
    /// already is not asked of the source again. A wrong digest deletes the file; any other failure leaves it to be continued.
    /// </summary>
    /// <param name="blob">The blob.</param>
    /// <param name="partial">Its partial file; it need not exist.</param>
    /// <param name="grown">Told the bytes that the file has, after each piece.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    Task CopyAsync(Descriptor blob, string partial, Action<long> grown, CancellationToken cancellationToken);
}
