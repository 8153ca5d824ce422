using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>No source at all: for layers whose blobs are in the store. One that is not, or is damaged, cannot be had.</summary>
internal sealed class NoBlobSource(ContentStore content) : IBlobSource
{
    public bool Has(Descriptor blob) => false; // nothing but what the store itself has

    public bool TryElsewhere() => false;

    public Task<byte[]> ReadSmallAsync(Descriptor blob, CancellationToken cancellationToken) => Task.FromResult(content.Read(blob.Digest));

    public Task CopyAsync(Descriptor blob, string partial, Action<long> grown, CancellationToken cancellationToken) =>
        throw new LayerImageException(EngineError.LayerCorrupt, $"The layer {blob.Digest} is not in the store any more.")
        {
            Target = blob.Digest.ToString(),
            Advice = "Receive or import the image again, or see what Repair-LayerStore can mend.",
        };
}
