using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class SysctlTests
{
    [Theory]
    [InlineData("net.core.somaxconn=1024", "net.core.somaxconn", "1024", true)]
    [InlineData("net.ipv4.ip_local_port_range=1024 65000", "net.ipv4.ip_local_port_range", "1024 65000", true)]
    [InlineData("kernel.shmmax=1", "kernel.shmmax", "1", false)]
    [InlineData("kernel.sem=250 32000 32 128", "kernel.sem", "250 32000 32 128", false)]
    [InlineData("fs.mqueue.msg_max=20", "fs.mqueue.msg_max", "20", false)]
    [InlineData("net.x=a=b", "net.x", "a=b", true)]
    public void Text_IsParsed(string text, string name, string value, bool isOfNetwork)
    {
        Sysctl parameter = Sysctl.Parse(text);

        Assert.Equal((new Sysctl(name, value), isOfNetwork), (parameter, parameter.IsOfNetwork));
        Assert.Equal(parameter, Sysctl.Parse(parameter.ToString()));
    }

    [Theory]
    [InlineData("kernel.core_pattern=|/x", "'kernel.core_pattern' is no parameter")]
    [InlineData("vm.swappiness=1", "'vm.swappiness' is no parameter")]
    [InlineData("kernel.shm=1", "There are kernel.msgmax,")]
    [InlineData("net..x=1", "'net..x'")]
    [InlineData("net.=1", "'net.'")]
    [InlineData("net./../../kernel/core_pattern=x", "is no parameter")]
    [InlineData("net/core/somaxconn=1", "is no parameter")]
    [InlineData("net.core.somaxconn", "it has no value")]
    [InlineData("net.core.somaxconn=", "it has no value")]
    [InlineData("=1", "'' is no parameter")]
    public void OtherText_IsRefused(string text, string told)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => Sysctl.Parse(text));

        Assert.Equal(EngineError.ParameterInvalid, error.Error);
        Assert.Contains(told, error.Message + error.Advice, StringComparison.Ordinal);
    }
}
