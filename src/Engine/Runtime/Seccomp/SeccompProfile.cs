using System.Runtime.InteropServices;
using LayerImage.Engine.Oci.Runtime;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// Makes the system call filter of a container. The meaning is that of docker's default profile; it is told in
/// fewer rules, because libseccomp compiles every one of them for every architecture.
/// </summary>
internal static class SeccompProfile
{
    private const string Allow = "SCMP_ACT_ALLOW", Errno = "SCMP_ACT_ERRNO";
    private const uint EPERM = 1, ENOSYS = 38;

    // sched.h: CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET. NEWTIME shares its bit with
    // the exit signal of clone(2) and exists in clone3 and unshare only.
    private const ulong NewNamespaces = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;

    // All families of sockets but AF_ALG (38), which opens the kernel's crypto code to attack, and AF_VSOCK (40), which
    // reaches virtual machines across network namespaces: aligned blocks of their numbers (sys/socket.h), so that each is
    // one rule that compares under a mask. The kernel takes the lower half of the argument's 64 bits: a rule that compares
    // all of them lets socket(2^32 + 40) pass.
    private static readonly (uint First, uint Count)[] s_socketFamilies = [(0, 32), (32, 4), (36, 2), (39, 1), (41, 1), (42, 2), (44, 4), (48, 16)];

    /// <summary>docker's default for a container with these capabilities.</summary>
    /// <param name="capabilities">What the container may.</param>
    /// <param name="architecture">The processor.</param>
    /// <param name="is32Bit">Whether its programs are of the processor's 32-bit kind (an image for linux/386).</param>
    public static SpecSeccomp Default(IReadOnlySet<string> capabilities, Architecture architecture, bool is32Bit = false)
    {
        List<string> names = [.. SeccompSyscalls.Always, .. SeccompSyscalls.OnArchitecture(architecture)];
        List<SpecSyscall> rules = [];
        if (architecture == Architecture.X64 && !is32Bit)
        {
            // The 32-bit way to a socket, open to 64-bit programs too (int 0x80): its arguments lie in memory, where no
            // filter sees the family. 32-bit programs with the newer calls (socket, connect, ...) do without it. It is refused
            // by a rule, and the first one: libseccomp allows it where "socket" is allowed, whatever family, unless it has one by then;
            // with an error that is not the filter's own, which is no rule.
            names.Remove("socketcall");
            rules.Add(new SpecSyscall { Names = ["socketcall"], Action = Errno, ErrnoRet = ENOSYS });
        }
        foreach ((string capability, string[] more) in SeccompSyscalls.WithCapability)
        {
            if (capabilities.Contains(capability))
            {
                names.AddRange(more);
            }
        }
        rules.Add(new SpecSyscall { Names = [.. names.Distinct().Order(StringComparer.Ordinal)], Action = Allow });
        // personality(2): Linux, 32-bit Linux, each also with UNAME26, and the question which one it is.
        rules.AddRange(new ulong[] { 0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF }.Select(value => When("personality", 0, value, "SCMP_CMP_EQ")));
        rules.AddRange(s_socketFamilies.Select(block => new SpecSyscall
        {
            Names = ["socket"],
            Action = Allow,
            Args = [new SpecSyscallArgument(0, uint.MaxValue - (block.Count - 1), block.First, "SCMP_CMP_MASKED_EQ")],
        }));
        if (!capabilities.Contains("CAP_SYS_ADMIN"))
        {
            // The flags are clone's second argument on s390.
            rules.Add(When("clone", architecture == Architecture.S390x ? 1u : 0u, NewNamespaces, "SCMP_CMP_MASKED_EQ"));
            // A filter cannot look into clone3's structure. ENOSYS makes libraries fall back to clone.
            rules.Add(new SpecSyscall { Names = ["clone3"], Action = Errno, ErrnoRet = ENOSYS });
        }
        return new SpecSeccomp { DefaultAction = Errno, DefaultErrnoRet = EPERM, Architectures = ArchitecturesOf(architecture), Syscalls = rules };
    }

    private static SpecSyscall When(string name, uint argument, ulong value, string comparison)
        => new() { Names = [name], Action = Allow, Args = [new SpecSyscallArgument(argument, value, 0, comparison)] };

    private static string[] ArchitecturesOf(Architecture architecture) => architecture switch
    {
        Architecture.X64 => ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        Architecture.Arm64 => ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        Architecture.RiscV64 => ["SCMP_ARCH_RISCV64"],
        Architecture.S390x => ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
        Architecture.Ppc64le => ["SCMP_ARCH_PPC64LE"],
        Architecture.LoongArch64 => ["SCMP_ARCH_LOONGARCH64"],
        _ => ["SCMP_ARCH_NATIVE"],
    };
}
