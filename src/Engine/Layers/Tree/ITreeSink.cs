using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Where a walk over a layer's tree (in overlayfs's form) puts what it finds, in the tar's order.</summary>
internal interface ITreeSink
{
    /// <summary>An entry without data. For whiteouts see <see cref="Whiteout"/>.</summary>
    void Entry(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status);

    /// <summary>A file with its data, open for reading.</summary>
    void File(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status, SafeFileHandle data);

    /// <summary>A deleted name; its tar entry has the ".wh." name.</summary>
    void Whiteout(SafeFileHandle parent, NativePath name, TarEntry entry);

    /// <summary>The directory that the walk is in hides all below it.</summary>
    void Opaque(TarEntry entry);

    /// <summary>The walk goes into the directory that it has just announced, and comes back.</summary>
    void Enter(NativePath name);

    /// <summary>See <see cref="Enter"/>.</summary>
    void Leave(SafeFileHandle directory);
}
