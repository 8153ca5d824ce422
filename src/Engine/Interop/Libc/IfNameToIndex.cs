using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    /// <summary>The index of a network interface of the calling thread's namespace, or 0 when there is none of that name.</summary>
    internal static uint IfNameToIndex(string name) => if_nametoindex(name);

    // unsigned int if_nametoindex(const char *ifname);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint if_nametoindex(string ifname);
}
