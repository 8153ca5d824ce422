using System.Text;

namespace LayerImage.Engine.Interop;

/// <summary>
/// A file name or path as the kernel has it: bytes, not text. Names in images need not be UTF-8, and turning them
/// into a string and back would lose those that are not.
/// </summary>
internal readonly struct NativePath
{
    private readonly byte[]? _terminated;

    private NativePath(byte[] terminated) => _terminated = terminated;

    /// <summary>The bytes without the terminator.</summary>
    public ReadOnlySpan<byte> Bytes => _terminated is null ? [] : _terminated.AsSpan(0, _terminated.Length - 1);

    /// <summary>The bytes with the terminator, for a system call.</summary>
    public ReadOnlySpan<byte> Terminated => _terminated ?? [0];

    /// <summary>A path from bytes, which must not hold a NUL.</summary>
    public static NativePath From(ReadOnlySpan<byte> bytes)
    {
        byte[] terminated = new byte[bytes.Length + 1];
        bytes.CopyTo(terminated);
        return new NativePath(terminated);
    }

    /// <summary>A path from a text, as UTF-8.</summary>
    public static implicit operator NativePath(string text) => From(Encoding.UTF8.GetBytes(text));

    /// <summary>The path for people; bytes that are not UTF-8 show as U+FFFD.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
