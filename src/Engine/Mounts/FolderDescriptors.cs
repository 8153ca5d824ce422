using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Mounts;

/// <summary>Short names for folders, without characters that need escaping, for as long as a mount takes.</summary>
internal sealed class FolderDescriptors : IDisposable
{
    private readonly List<SafeFileHandle> _open = [];

    /// <summary>Opens a folder and names it by its descriptor.</summary>
    /// <exception cref="Errors.LinuxException">It is not there.</exception>
    public string NameOf(string path)
    {
        _open.Add(Libc.Open(path, OpenFlags.PathOnly | OpenFlags.Directory));
        return $"/proc/self/fd/{_open[^1].DangerousGetHandle()}";
    }

    public void Dispose() => _open.ForEach(handle => handle.Dispose());
}
