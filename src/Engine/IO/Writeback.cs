using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.IO;

/// <summary>
/// Lets the kernel begin to write a long file to the disk while it grows, so that the sync that makes it durable finds
/// little left to do. Only a hint, and only on Linux.
/// </summary>
internal sealed class Writeback(SafeFileHandle file)
{
    private const long Portion = 8 << 20;
    private long _begun;

    /// <summary>The file has so many bytes now.</summary>
    public void Grown(long length)
    {
        if (HostSystem.IsLinux && length - _begun >= Portion)
        {
            Libc.BeginWriteback(file, _begun, length - _begun);
            _begun = length;
        }
    }
}
