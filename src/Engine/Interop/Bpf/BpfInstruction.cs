using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Bpf;

/// <summary>An instruction as the kernel takes it: struct bpf_insn (linux/bpf.h, Documentation/bpf/standardization/instruction-set.rst).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct BpfInstruction
{
    private readonly byte _code;
    private readonly byte _registers;
    private readonly short _offset;
    private readonly int _immediate;

    /// <param name="code">What to do.</param>
    /// <param name="destination">The register that is changed or compared.</param>
    /// <param name="source">The other register.</param>
    /// <param name="offset">Of memory, or how many instructions a jump leaves out.</param>
    /// <param name="immediate">A number.</param>
    public BpfInstruction(byte code, int destination = 0, int source = 0, short offset = 0, int immediate = 0)
    {
        _code = code;
        // Two fields of four bits, whose order is the processor's.
        _registers = (byte)(BitConverter.IsLittleEndian ? (source << 4) | destination : (destination << 4) | source);
        _offset = offset;
        _immediate = immediate;
    }
}
