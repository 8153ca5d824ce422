using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>Bytes that were looked at are read again, and then the rest.</summary>
public sealed class PrefixedStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void Prefix_ComesBeforeTheRest(int piece)
    {
        using PrefixedStream stream = new(new byte[] { 1, 2, 3, 4 }, new MemoryStream([5, 6]));
        List<byte> read = [];
        byte[] buffer = new byte[piece];
        for (int count; (count = stream.Read(buffer.AsSpan())) > 0;)
        {
            read.AddRange(buffer[..count]);
        }

        Assert.Equal([1, 2, 3, 4, 5, 6], read);
    }
}
