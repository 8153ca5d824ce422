using System.Security.Cryptography;
using LayerImage.Engine.IO;
using Xunit;

namespace LayerImage.Engine.Tests.IO;

/// <summary>Streams that look at what passes, or hand it from one thread to another.</summary>
public sealed class StreamTests
{
    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_001)]
    public void Hash_IsOfAllThatPassed_ReadOrWritten(int count)
    {
        byte[] bytes = Bytes(count);
        using HashingStream reader = new(new MemoryStream(bytes));
        using MemoryStream copy = new();
        reader.CopyTo(copy, 1000);
        using MemoryStream written = new();
        using HashingStream writer = new(written);
        writer.Write(bytes, 0, count);

        string digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
        Assert.Equal((digest, digest), (reader.GetDigest().ToString(), writer.GetDigest().ToString()));
        Assert.Equal((count, count), (reader.Count, writer.Count));
        Assert.Equal(bytes, copy.ToArray());
        Assert.Equal(bytes, written.ToArray());
    }

    [Fact]
    public void Count_IsToldAfterEachWrite()
    {
        List<long> told = [];
        using MemoryStream inner = new();
        using CountingStream counting = new(inner, told.Add);

        counting.Write(Bytes(10));
        counting.Write(Bytes(25), 5, 7);

        Assert.Equal([10, 17], told);
        Assert.Equal(17, inner.Length);
    }

    // More than all blocks hold, so that the faster one waits.
    [Fact]
    public async Task BlockPipe_HandsOnWhatWasWritten_InOrder()
    {
        BlockPipe pipe = new();
        byte[] bytes = Bytes(5_000_000);
        Task writing = Task.Run(() => Write(pipe, bytes));

        using MemoryStream read = new();
        await Task.Run(() => pipe.Reader.CopyTo(read, 777));
        await writing;

        Assert.Equal(bytes, read.ToArray());
    }

    [Fact]
    public async Task BlockPipe_ReaderMeetsTheWritersFailure_AfterWhatCameBefore()
    {
        BlockPipe pipe = new();
        byte[] block = pipe.Take()!;
        pipe.Give(block, 3);
        pipe.Complete(new InvalidDataException("broken"));
        pipe.Complete(); // too late

        byte[] buffer = new byte[10];
        Assert.Equal(3, pipe.Reader.Read(buffer));
        InvalidDataException error = await Assert.ThrowsAsync<InvalidDataException>(() => Task.Run(() => pipe.Reader.Read(buffer)));
        Assert.Equal("broken", error.Message);
    }

    [Fact]
    public async Task BlockPipe_WriterIsLetGo_WhenNobodyReads()
    {
        BlockPipe pipe = new();
        Task<bool> writing = Task.Run(() => Write(pipe, Bytes(50_000_000)));
        byte[] buffer = new byte[1];
        Assert.Equal(1, pipe.Reader.Read(buffer));

        pipe.Abandon();

        Assert.False(await writing.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static bool Write(BlockPipe pipe, byte[] bytes)
    {
        for (int offset = 0; offset < bytes.Length;)
        {
            if (pipe.Take() is not byte[] block)
            {
                return false;
            }
            int count = Math.Min(block.Length, bytes.Length - offset);
            bytes.AsSpan(offset, count).CopyTo(block);
            pipe.Give(block, count);
            offset += count;
        }
        pipe.Complete();
        return true;
    }
}
