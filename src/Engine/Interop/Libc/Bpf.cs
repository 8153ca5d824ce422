using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const int ENOSYS = 38;

    // asm/unistd.h of each processor; 0 for one that is not known here.
    private static nint SysBpf => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 321,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 280,
        Architecture.S390x => 351,
        Architecture.Ppc64le => 361,
        _ => 0,
    };

    /// <summary>bpf(2): int bpf(int cmd, union bpf_attr *attr, unsigned int size); returns its result, or the errno as a negative number.</summary>
    internal static int TryBpf(int command, Span<byte> attributes)
    {
        nint number = SysBpf;
        if (number == 0)
        {
            return -ENOSYS;
        }
        fixed (byte* attr = attributes)
        {
            nint result = bpf(number, command, attr, (uint)attributes.Length);
            return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint bpf(nint number, nint command, byte* attributes, nuint size);
}
