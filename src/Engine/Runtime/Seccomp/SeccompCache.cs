using System.Security.Cryptography;
using LayerImage.Engine.Oci.Runtime;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// Keeps compiled system call filters. libseccomp takes 10 to 40 ms to compile docker's profile, more than all else
/// that crun does; the program is the same for every container with the same rules. crun leaves it in its state
/// folder and takes it back as an annotation. The cache lies in the run folder, which only its owner can enter, and
/// is gone after a reboot.
/// </summary>
internal sealed class SeccompCache(string folder)
{
    private const string Annotation = "run.oci.seccomp_bpf_data";
    private const int InstructionSize = 8; // struct sock_filter
    private const int MaxInstructions = 4096; // BPF_MAXINSNS

    /// <summary>The configuration with the compiled filter, when it is kept; else as it is.</summary>
    public RuntimeSpec Apply(RuntimeSpec spec)
    {
        if (PathOf(spec) is not string path || TryRead(path) is not byte[] program)
        {
            return spec;
        }
        // The rules stay: an OCI runtime that does not know the annotation compiles them.
        Dictionary<string, string> annotations = new(spec.Annotations ?? new Dictionary<string, string>()) { [Annotation] = Convert.ToBase64String(program) };
        return spec with { Annotations = annotations };
    }

    /// <summary>Keeps the filter that crun has compiled for a container.</summary>
    public void Keep(RuntimeSpec spec, string crunStateFolder)
    {
        if (PathOf(spec) is string path && !File.Exists(path) && TryRead(Path.Combine(crunStateFolder, "seccomp.bpf")) is byte[] program)
        {
            RuntimeFile.EnsureFolder(folder);
            RuntimeFile.Write(path, program, RuntimeFile.Private);
        }
    }

    private string? PathOf(RuntimeSpec spec)
    {
        if (spec.Linux.Seccomp is null)
        {
            return null;
        }
        byte[] rules = RuntimeJson.Write(spec.Linux.Seccomp);
        return Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(rules)) + ".bpf");
    }

    private static byte[]? TryRead(string path)
    {
        try
        {
            byte[] program = File.ReadAllBytes(path);
            return program.Length is > 0 and <= MaxInstructions * InstructionSize && program.Length % InstructionSize == 0 ? program : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
