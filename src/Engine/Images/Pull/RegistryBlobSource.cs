using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;

namespace LayerImage.Engine.Images;

/// <summary>Blobs from a registry.</summary>
internal sealed class RegistryBlobSource(RegistryClient client, RetryPolicy retry) : IBlobSource
{
    public bool Has(Descriptor blob) => true;

    public bool TryElsewhere() => client.GiveUpMirrors();

    public Task<byte[]> ReadSmallAsync(Descriptor blob, CancellationToken cancellationToken) => client.GetSmallBlobAsync(blob, cancellationToken);

    public Task CopyAsync(Descriptor blob, string partial, Action<long> grown, CancellationToken cancellationToken) =>
        new BlobDownload(client, blob, partial, retry).RunAsync(grown, cancellationToken);
}
