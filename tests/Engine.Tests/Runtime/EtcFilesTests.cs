using System.Net;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class EtcFilesTests
{
    [Theory]
    [InlineData("nameserver 2001:db8::53\nnameserver fe80::1%eth0\n", "2001:db8::53, fe80::1%eth0")]
    [InlineData("nameserver 127.0.0.53\nnameserver 2001:db8::53\n", "2001:db8::53")]
    [InlineData("nameserver ::1\n", null)]
    [InlineData("nameserver 2001:db8::53\nnameserver 10.0.0.2\n", null)]
    [InlineData("", null)]
    public void ServersByIPv6Alone_AreDockersFallbackAndTold(string text, string? named)
    {
        string? complaint = EtcFiles.Complain([text, ""]);

        Assert.Equal(named is null, complaint is null);
        Assert.Contains(named ?? "", complaint ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain(':', EtcFiles.ResolvConf([text, ""]));
        Assert.Contains("nameserver ", EtcFiles.ResolvConf([text, ""]), StringComparison.Ordinal);
    }

    [Fact]
    public void ResolvConf_LosesLoopbackServers()
        => Assert.Equal("search x\nnameserver 10.0.0.2\n", EtcFiles.ResolvConf(["search x\nnameserver 127.0.0.1\nnameserver 10.0.0.2\nnameserver ::1\nnameserver fe80::1%eth0\n"]));

    [Fact]
    public void ResolvConf_TakesTheResolversFileThenDockersFallback()
    {
        Assert.Equal("nameserver 10.1.1.1\n", EtcFiles.ResolvConf(["nameserver 127.0.0.53\noptions edns0\n", "nameserver 10.1.1.1\n"]));
        Assert.Equal("options edns0\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n", EtcFiles.ResolvConf(["nameserver 127.0.0.53\noptions edns0\n", ""]));
    }

    [Fact]
    public void Hosts_NameTheContainer()
        => Assert.EndsWith("ip6-allrouters\n10.0.0.5\tweb.lan web\nfd00::5\tweb.lan web\n", EtcFiles.Hosts("web.lan", [IPAddress.Parse("10.0.0.5"), IPAddress.Parse("fd00::5")]));
}
