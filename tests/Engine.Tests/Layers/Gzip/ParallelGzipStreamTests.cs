using System.IO.Compression;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>What many cores write is one gzip member that every reader reads, and always the same one.</summary>
public class ParallelGzipStreamTests
{
    private const int Block = GzipBlock.Size;

    public static TheoryData<int> Sizes => [0, 1, 2, 65_535, Block - 1, Block, Block + 1, (2 * Block) - 1, 2 * Block, (2 * Block) + 1, (7 * Block) + 12_345];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Content_ComesBack(int size)
    {
        byte[] content = Content(size);

        byte[] packed = Compress(content, cores: 3, pieces: 100_003);

        using GZipStream gzip = new(new MemoryStream(packed), CompressionMode.Decompress);
        using MemoryStream unpacked = new();
        gzip.CopyTo(unpacked);
        Assert.True(content.AsSpan().SequenceEqual(unpacked.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Bytes_DependOnTheContentOnly(int size)
    {
        byte[] content = Content(size);

        byte[] one = Compress(content, cores: 1, pieces: 4096);

        Assert.True(one.AsSpan().SequenceEqual(Compress(content, cores: 2, pieces: 1_000_000)));
        Assert.True(one.AsSpan().SequenceEqual(Compress(content, cores: 32, pieces: 777)));
    }

    // .NET's reader does not look at the length, and stops quietly where a member ends early.
    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task GzipFindsOneWholeMember(int size)
    {
        Assert.SkipWhen(Requires.Tool("gzip") is not null, Requires.Tool("gzip") ?? "");
        byte[] content = Content(size);
        string path = Path.Combine(Path.GetTempPath(), $"parallel-{Guid.NewGuid():N}.gz");
        try
        {
            await File.WriteAllBytesAsync(path, Compress(content, cores: 4, pieces: 50_000), TestContext.Current.CancellationToken);

            ProcessResult test = await ProcessRunner.RunAsync(["gzip", "-tv", path], null, TestContext.Current.CancellationToken);
            ProcessResult list = await ProcessRunner.RunAsync(["gzip", "-l", path], null, TestContext.Current.CancellationToken);

            Assert.True(test.ExitCode == 0 && !test.Error.Contains("trailing", StringComparison.Ordinal), test.Error);
            Assert.Equal(size.ToString(System.Globalization.CultureInfo.InvariantCulture), list.Output.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Ratio_IsNearOneStreams()
    {
        byte[] content = Content(5 * Block);
        using MemoryStream plain = new();
        using (GZipStream gzip = new(plain, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(content);
        }

        Assert.InRange(Compress(content, cores: 2, pieces: 65_536).Length, 1, plain.Length * 1.03);
    }

    [Fact]
    public void FullDisk_IsTheWritersError()
    {
        using ParallelGzipStream gzip = new(new FullStream(), CancellationToken.None, cores: 2);

        Assert.Throws<IOException>(() =>
        {
            for (int i = 0; i < 20; i++)
            {
                gzip.Write(Content(Block));
            }
        });
    }

    [Fact]
    public void Cancelled_EndsAndWritesNoEnd()
    {
        using CancellationTokenSource stop = new();
        using MemoryStream destination = new();
        using (ParallelGzipStream gzip = new(destination, stop.Token, cores: 2))
        {
            gzip.Write(Content(Block));
            stop.Cancel();
            Assert.ThrowsAny<OperationCanceledException>(() => gzip.Write(Content(Block)));
        }
        Assert.Equal(0, destination.Length);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 5)]
    [InlineData(1000, 1)]
    [InlineData(123_456, 654_321)]
    public void Crc_IsJoined(int first, int second)
    {
        byte[] content = Content(first + second);

        uint joined = LayerImage.Engine.Layers.Crc32.Combine(CrcOf(content.AsSpan(0, first)), CrcOf(content.AsSpan(first)), second);

        Assert.Equal(CrcOf(content), joined);
    }

    private static byte[] Compress(byte[] content, int cores, int pieces)
    {
        using MemoryStream packed = new();
        using (ParallelGzipStream gzip = new(packed, CancellationToken.None, cores))
        {
            foreach (byte[] piece in content.Chunk(pieces))
            {
                gzip.Write(piece);
            }
            gzip.Finish();
        }
        return packed.ToArray();
    }

    // Words from a small set with noise between: neither trivial nor incompressible.
    private static byte[] Content(int size)
    {
        Random random = new(size);
        byte[] content = new byte[size];
        for (int i = 0; i < size; i++)
        {
            content[i] = random.Next(8) == 0 ? (byte)random.Next(256) : (byte)('a' + (i / 3 % 26));
        }
        return content;
    }

    // Bit by bit, as RFC 1952 (8) has it.
    private static uint CrcOf(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? 0xedb88320 ^ (crc >> 1) : crc >> 1;
            }
        }
        return ~crc;
    }

    private sealed class FullStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");
    }
}
