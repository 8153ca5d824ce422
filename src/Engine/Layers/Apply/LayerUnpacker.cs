using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Unpacks a layer's tar into a directory.</summary>
internal static class LayerUnpacker
{
    /// <summary>
    /// Unpacks a whole tar. The directory is new and empty and nobody else writes to it; a failure leaves one that the caller
    /// throws away.
    /// </summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/>, or a system call's failure.</exception>
    public static UnpackResult Unpack(Stream tar, string directory, CancellationToken cancellationToken)
    {
        using SafeFileHandle root = Libc.OpenDirectory(directory);
        TarReader reader = new(tar);
        DirectoryTarget target = new(reader, root, cancellationToken);
        target.Begin();
        using LayerInterpreter<DiskNode> layer = new(target);
        while (reader.Next() is TarEntry entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            layer.Apply(entry);
            FaultPoint.Reach(FaultPoint.Unpacking);
        }
        layer.Finish();
        return new UnpackResult
        {
            Entries = layer.Entries,
            ContentBytes = target.ContentBytes,
            HasRoot = layer.HasRoot,
            ImpliedDirectories = target.Finish(),
        };
    }
}
