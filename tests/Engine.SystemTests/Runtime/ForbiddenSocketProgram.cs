using System.Buffers.Binary;

namespace LayerImage.Engine.SystemTests.Runtime;

/// <summary>
/// A program for x86-64 of a hundred bytes that asks for sockets in ways that went past the filter. Its exit code has 1 for
/// socket(2^32 + AF_VSOCK), and 2 for AF_VSOCK by the 32-bit socketcall, when they were not refused with EPERM (the latter with ENOSYS, too); 8 when
/// AF_INET was refused.
/// </summary>
internal static class ForbiddenSocketProgram
{
    private const uint Base = 0x400000;
    private const int HeaderSize = 64 + 56; // Elf64_Ehdr, one Elf64_Phdr
    private const int CallNumberAt = 46; // before it: "mov eax"; behind it: "int 0x80"

    /// <param name="path">The file.</param>
    /// <param name="with32Bit">Whether to try the 32-bit call; where the kernel has none a program that tries it dies of SIGSEGV.</param>
    public static void Write(string path, bool with32Bit)
    {
        byte[] code =
        [
            0x31, 0xDB, // xor ebx, ebx
            0x48, 0xBF, 0x28, 0, 0, 0, 1, 0, 0, 0, // mov rdi, 0x1_0000_0028
            0xBE, 1, 0, 0, 0, 0x31, 0xD2, 0xB8, 41, 0, 0, 0, 0x0F, 0x05, // socket(rdi, SOCK_STREAM, 0)
            0x83, 0xF8, 0xFF, 0x74, 3, 0x83, 0xCB, 1, // cmp eax, -EPERM; je; or ebx, 1
            0x53, 0xBB, 1, 0, 0, 0, 0xB9, 0, 0, 0, 0, 0xB8, 102, 0, 0, 0, 0xCD, 0x80, 0x5B, // push rbx; socketcall(SYS_SOCKET, arguments); pop rbx
            0x83, 0xF8, 0xFF, 0x74, 8, 0x83, 0xF8, 0xDA, 0x74, 3, 0x83, 0xCB, 2, // -EPERM or -ENOSYS
            0xBF, 2, 0, 0, 0, 0xBE, 1, 0, 0, 0, 0x31, 0xD2, 0xB8, 41, 0, 0, 0, 0x0F, 0x05, // socket(AF_INET, SOCK_STREAM, 0)
            0x85, 0xC0, 0x79, 3, 0x83, 0xCB, 8, // test eax, eax; jns; or ebx, 8
            0x89, 0xDF, 0xB8, 60, 0, 0, 0, 0x0F, 0x05, // exit(ebx)
        ];
        if (!with32Bit)
        {
            // "mov eax, -EPERM" and two nops.
            code.AsSpan(CallNumberAt, 4).Fill(0xFF);
            code.AsSpan(CallNumberAt + 4, 2).Fill(0x90);
        }
        byte[] program = new byte[HeaderSize + code.Length + 12];
        byte[] ident = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0];
        ident.CopyTo(program, 0);
        Short(16, 2); // ET_EXEC
        Short(18, 62); // EM_X86_64
        Int(20, 1);
        Int(24, Base + HeaderSize); // entry
        Int(32, 64); // program header
        Short(52, 64);
        Short(54, 56);
        Short(56, 1);
        Int(64, 1); // PT_LOAD
        Int(68, 5); // read, execute
        Int(80, Base);
        Int(88, Base);
        Int(96, (uint)program.Length);
        Int(104, (uint)program.Length);
        Int(112, 0x1000);
        code.CopyTo(program, HeaderSize);
        // Where "mov ecx" has its operand: the arguments (AF_VSOCK, SOCK_STREAM, 0) lie behind the code.
        Int(HeaderSize + Array.IndexOf(code, (byte)0xB9) + 1, Base + HeaderSize + (uint)code.Length);
        Int(HeaderSize + code.Length, 40);
        Int(HeaderSize + code.Length + 4, 1);
        File.WriteAllBytes(path, program);
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(path, (UnixFileMode)0b101_101_101);
        }

        void Short(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(program.AsSpan(at), value);

        void Int(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(program.AsSpan(at), value);
    }
}
