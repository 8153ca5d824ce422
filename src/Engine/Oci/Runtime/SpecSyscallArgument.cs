namespace LayerImage.Engine.Oci.Runtime;

/// <summary>A condition on one argument of a system call.</summary>
internal sealed record SpecSyscallArgument(uint Index, ulong Value, ulong ValueTwo, string Op);
