using LayerImage.Engine.Network;
using Xunit;

namespace LayerImage.Engine.Tests.Network;

public sealed class RandomPortsTests
{
    [Fact]
    public void Parse_ReadsTheKernelsRangeAndItsHoles()
    {
        RandomPorts ports = RandomPorts.Parse("32768\t60999\n", "33000,34000-34010\n");

        Assert.Equal((32768, 60999), (ports.First, ports.Last));
        Assert.Equal([((ushort)33000, (ushort)33000), ((ushort)34000, (ushort)34010)], ports.Reserved);
    }

    [Fact]
    public void Parse_FallsBackWithoutTheFile() =>
        Assert.Equal((49153, 65535), (RandomPorts.Parse("", "").First, RandomPorts.Parse("", "").Last));

    [Fact]
    public void Candidates_AreEveryPortOnceButTheReserved()
    {
        RandomPorts ports = new(10, 19, [(12, 13)]);

        Assert.Equal("10 11 14 15 16 17 18 19", string.Join(' ', ports.Candidates(1, Random.Shared).Order()));
        Assert.Equal("10 14 15 16 17 18", string.Join(' ', ports.Candidates(2, Random.Shared).Order()));
        Assert.Empty(ports.Candidates(11, Random.Shared));
    }
}
