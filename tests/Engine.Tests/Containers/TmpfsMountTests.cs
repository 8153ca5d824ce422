using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class TmpfsMountTests
{
    [Theory]
    [InlineData("/run", "/run", "noexec nosuid nodev", "/run")]
    [InlineData("/a/../run/", "/run", "noexec nosuid nodev", "/run")]
    [InlineData("/run:size=64m,mode=1777,exec", "/run", "noexec nosuid nodev size=64m mode=1777 exec", "/run:size=64m,mode=1777,exec")]
    [InlineData("/dev/shm:size=50%", "/dev/shm", "noexec nosuid nodev size=50%", "/dev/shm:size=50%")]
    public void Text_IsParsed(string text, string path, string mounted, string written)
    {
        TmpfsMount tmpfs = TmpfsMount.Parse(text);

        Assert.Equal((path, mounted), (tmpfs.Path, string.Join(' ', tmpfs.MountOptions)));
        Assert.Equal(written, tmpfs.ToString());
        Assert.Equal(tmpfs, TmpfsMount.Parse(written));
    }

    [Theory]
    [InlineData("", "not absolute")]
    [InlineData("run", "not absolute")]
    [InlineData("/", "the root")]
    [InlineData("/a/..", "the root")]
    [InlineData("/proc/x", "the container's own")]
    [InlineData("/dev/", "the container's own")]
    [InlineData("/run:size", "no option 'size'")]
    [InlineData("/run:size=", "no option 'size='")]
    [InlineData("/run:ro=1", "no option 'ro=1'")]
    [InlineData("/run:bind", "no option 'bind'; there are ro, rw,")]
    [InlineData("/run:ro,", "no option ''")]
    [InlineData("/run:mode=1:x", "no option 'mode=1:x'")]
    public void OtherText_IsRefused(string text, string told)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => TmpfsMount.Parse(text));

        Assert.Equal(EngineError.VolumeInvalid, error.Error);
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
    }
}
