namespace LayerImage.Engine.Oci.Runtime;

/// <summary>The system call filter.</summary>
internal sealed record SpecSeccomp
{
    public required string DefaultAction { get; init; }

    public uint? DefaultErrnoRet { get; init; }

    public required IReadOnlyList<string> Architectures { get; init; }

    public required IReadOnlyList<SpecSyscall> Syscalls { get; init; }
}
