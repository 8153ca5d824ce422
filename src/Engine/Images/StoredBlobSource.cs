using System.IO.Pipelines;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>Blobs that ought to be in the store already; one that is not is damage.</summary>
internal sealed class StoredBlobSource(ContentStore content) : IBlobSource
{
    public bool Has(Descriptor blob) => content.Has(blob.Digest);

    public Task<byte[]> ReadSmallAsync(Descriptor blob, CancellationToken cancellationToken) => Task.FromResult(content.Read(blob.Digest));

    public Task CopyAsync(Descriptor blob, string partial, PipeWriter onward, Action<long> progress, CancellationToken cancellationToken) =>
        throw new LayerImageException(EngineError.LayerCorrupt, $"The layer {blob.Digest} is not in the store any more.") { Target = blob.Digest.ToString(), Advice = "Receive the image again." };
}
