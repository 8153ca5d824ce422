using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class LinuxCapabilitiesTests
{
    private static readonly IReadOnlySet<string> s_all = LinuxCapabilities.FromMask("000001ffffffffff");

    [Fact]
    public void Mask_IsReadBitByBit()
    {
        Assert.Equal(LinuxCapabilities.Names.Select(name => "CAP_" + name).Order(), s_all.Order());
        Assert.Equal(["CAP_CHOWN", "CAP_NET_RAW"], LinuxCapabilities.FromMask("2001").Order());
        Assert.Empty(LinuxCapabilities.FromMask("0"));
    }

    [Theory]
    [InlineData("", "", false, 14)]
    [InlineData("ALL", "", false, 41)]
    [InlineData("all", "cap_chown", false, 40)]
    [InlineData("ALL", "ALL", false, 41)]
    [InlineData("", "ALL", false, 0)]
    [InlineData("CAP_SYS_TIME", "ALL", false, 1)]
    [InlineData("", "CHOWN", true, 41)] // of a privileged one nothing is taken away
    public void AddedAndDropped_AreDockers(string add, string drop, bool privileged, int count) =>
        Assert.Equal(count, LinuxCapabilities.Resolve(Words(add), Words(drop), privileged, s_all).Count);

    [Fact]
    public void WhatIsNotThere_IsNotGiven() => Assert.Equal(["CAP_CHOWN"], LinuxCapabilities.Resolve(["ALL"], [], false, new HashSet<string> { "CAP_CHOWN" }));

    [Theory]
    [InlineData("")]
    [InlineData("FLY")]
    [InlineData("CAP_CAP_CHOWN")]
    public void OtherName_IsRefused(string name) =>
        Assert.Equal(EngineError.ParameterInvalid, Assert.Throws<LayerImageException>(() => LinuxCapabilities.Resolve([name], [], false, s_all)).Error);

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
