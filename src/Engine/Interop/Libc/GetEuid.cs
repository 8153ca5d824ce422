using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    /// <summary>The user that this process acts as. Always succeeds.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint GetEuid(); // uid_t geteuid(void);
}
