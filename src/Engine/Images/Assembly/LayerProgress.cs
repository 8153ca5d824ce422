using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>Reports how far each layer of one operation is.</summary>
/// <param name="observer">Who hears of it.</param>
/// <param name="operation">The whole: "Receive tomcat".</param>
internal sealed class LayerProgress(IEngineObserver observer, string operation)
{
    /// <summary>Hears of everything else, too.</summary>
    public IEngineObserver Observer => observer;

    public void Report(Descriptor blob, string phase, long done) =>
        observer.Progress(new TransferProgress(operation, blob.Digest.Short, phase, done, blob.Size));
}
