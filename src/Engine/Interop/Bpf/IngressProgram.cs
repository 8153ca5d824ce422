using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.Interop.Bpf;

/// <summary>
/// Programs that see what a link takes in before all else (tcx, Linux 6.6). They belong to the link, and go with it. Numbers
/// and places: enum bpf_cmd, union bpf_attr (linux/bpf.h).
/// </summary>
internal static unsafe class IngressProgram
{
    private const int BPF_PROG_LOAD = 5, BPF_PROG_ATTACH = 8;
    private const int BPF_PROG_TYPE_SCHED_CLS = 3, BPF_TCX_INGRESS = 46;
    private const int NameLength = 16; // BPF_OBJ_NAME_LEN

    /// <summary>Puts a program at a link; false where the kernel cannot, or does not let this process.</summary>
    public static bool TryAttach(int link, string name, ReadOnlySpan<BpfInstruction> instructions)
    {
        using SafeFileHandle? program = TryLoad(name, instructions);
        if (program is null)
        {
            return false;
        }
        byte[] attach = new byte[32];
        Put(attach, 0, link);
        Put(attach, 4, (int)program.DangerousGetHandle());
        Put(attach, 8, BPF_TCX_INGRESS);
        return TryBpf(BPF_PROG_ATTACH, attach) >= 0;
    }

    private static SafeFileHandle? TryLoad(string name, ReadOnlySpan<BpfInstruction> instructions)
    {
        ReadOnlySpan<byte> license = "none\0"u8; // what only free programs may call is not called
        byte[] load = new byte[72];
        fixed (BpfInstruction* first = instructions)
        {
            fixed (byte* words = license)
            {
                Put(load, 0, BPF_PROG_TYPE_SCHED_CLS);
                Put(load, 4, instructions.Length);
                Put(load, 8, (ulong)first);
                Put(load, 16, (ulong)words);
                Encoding.ASCII.GetBytes(name, load.AsSpan(48, NameLength - 1));
                Put(load, 68, BPF_TCX_INGRESS);
                int descriptor = TryBpf(BPF_PROG_LOAD, load);
                return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
            }
        }
    }

    private static void Put<T>(byte[] attributes, int at, T value)
        where T : unmanaged => MemoryMarshal.Write(attributes.AsSpan(at), value);
}
