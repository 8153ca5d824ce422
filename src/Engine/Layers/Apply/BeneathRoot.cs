using LayerImage.Engine.Interop;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Opens directories beneath a root that hostile names cannot leave: one component at a time, without following symbolic links. A link
/// that the layer itself made is followed inside the root, which is "/" to it and its own "..", as in a container. Not thread-safe.
/// </summary>
internal sealed class BeneathRoot(SafeFileHandle root) : IDisposable
{
    private readonly PathWalk<DiskNode> _walk = new(DiskTree.Instance, DiskNode.Root(root), missing: null);

    /// <summary>The directory of a path, null where there is none. The handle belongs to this object and is good until the next call.</summary>
    /// <exception cref="Errors.LayerImageException"><see cref="Errors.EngineError.LayerInvalid"/>: a part of the path is no directory.</exception>
    public SafeFileHandle? Open(ReadOnlySpan<NativePath> path) => _walk.Open(path)?.Handle;

    public void Dispose() => _walk.Dispose();
}
