using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using Xunit;

namespace LayerImage.Engine.Tests.Network;

public sealed class AddressPoolTests
{
    private static readonly IPNetwork s_subnet = IPNetwork.Parse("10.89.0.0/29");

    [Fact]
    public void Next_BeginsAfterTheBridge() => Assert.Equal("10.89.0.2", Next(null));

    [Fact]
    public void Next_SkipsUsedOnes() => Assert.Equal("10.89.0.4", Next(null, "10.89.0.2", "10.89.0.3"));

    [Fact]
    public void Next_GoesOnAfterTheLast() => Assert.Equal("10.89.0.4", Next("10.89.0.3"));

    [Fact]
    public void Next_WrapsBeforeTheBroadcastAddress() => Assert.Equal("10.89.0.2", Next("10.89.0.6"));

    [Fact]
    public void Next_IgnoresALastOfAnotherSubnet() => Assert.Equal("10.89.0.2", Next("192.0.2.1"));

    [Fact]
    public void Next_FailsWhenAllAreUsed()
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => Next("10.89.0.3", "10.89.0.2", "10.89.0.3", "10.89.0.4", "10.89.0.5", "10.89.0.6"));

        Assert.Equal(EngineError.AddressExhausted, error.Error);
    }

    [Fact]
    public void Bounds_AreTheFirstAndTheLast()
    {
        Assert.Equal(IPAddress.Parse("10.89.0.1"), AddressPool.Gateway(s_subnet));
        Assert.Equal(IPAddress.Parse("10.89.0.7"), AddressPool.Broadcast(s_subnet));
    }

    private static string Next(string? last, params string[] used) =>
        AddressPool.Next(s_subnet, used.Select(IPAddress.Parse).ToHashSet(), last is null ? null : IPAddress.Parse(last)).ToString();
}
