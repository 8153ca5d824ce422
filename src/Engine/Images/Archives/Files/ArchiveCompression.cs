using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Images.Archives;

/// <summary>How a file that a user gives is compressed, by its first bytes. gzip and zstd are read here, xz and bzip2 by their programs.</summary>
internal static class ArchiveCompression
{
    /// <summary>Whether a program of its own decompresses a file.</summary>
    public static bool NeedsProgram(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        byte[] magic = new byte[6];
        return ProgramFor(magic.AsSpan(0, file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false))) is not null;
    }

    /// <summary>Opens a file. A tar that a program of its own decompresses comes out plain, everything else as it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isPlain">Whether the stream is not compressed.</param>
    /// <exception cref="LayerImageException">ToolMissing: the program that reads its compression is not here.</exception>
    public static Stream Open(string path, out bool isPlain)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        byte[] magic = new byte[6];
        int length = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        file.Position = 0;
        if (ProgramFor(magic.AsSpan(0, length)) is not (string program, string package))
        {
            isPlain = Decompression.Sniff(magic.AsSpan(0, Math.Min(4, length))) == LayerCompression.None;
            return file;
        }
        file.Dispose();
        isPlain = true;
        return ProcessStream.Start(EngineError.LayerInvalid, [ToolLocator.Get(program, package), "--decompress", "--stdout", "--", path]);
    }

    private static (string Program, string Package)? ProgramFor(ReadOnlySpan<byte> magic) => magic switch
    {
        [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0] => ("xz", "xz-utils"),
        [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', ..] => ("bzip2", "bzip2"),
        _ => null,
    };
}
