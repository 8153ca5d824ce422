namespace LayerImage.Engine.Oci.Runtime;

/// <summary>One rule of the filter. A name the installed libseccomp does not know is skipped by crun and runc.</summary>
internal sealed record SpecSyscall
{
    public required IReadOnlyList<string> Names { get; init; }

    public required string Action { get; init; }

    public uint? ErrnoRet { get; init; }

    public IReadOnlyList<SpecSyscallArgument>? Args { get; init; }
}
