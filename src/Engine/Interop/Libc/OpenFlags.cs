namespace LayerImage.Engine.Interop.Libc;

/// <summary>Flags of open(2), from asm-generic/fcntl.h; those that differ between processors are chosen at start.</summary>
internal static class OpenFlags
{
    private static readonly bool s_arm = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
        is System.Runtime.InteropServices.Architecture.Arm64 or System.Runtime.InteropServices.Architecture.Arm;

    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, NoControllingTerminal = 0x100, Exclusive = 0x80, Truncate = 0x200,
        NonBlocking = 0x800, CloseOnExec = 0x80000, PathOnly = 0x200000;

    public static int Directory => s_arm ? 0x4000 : 0x10000;

    public static int NoFollow => s_arm ? 0x8000 : 0x20000;
}
