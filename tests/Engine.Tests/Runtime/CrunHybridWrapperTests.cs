using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class CrunHybridWrapperTests
{
    [Fact]
    public void Script_HidesTheMountAndTakesNoOddPath()
    {
        Assert.Contains("unshare --mount --propagation unchanged /bin/sh -c 'mount --make-private /sys/fs/cgroup/unified && mount -t tmpfs -o size=64k none /sys/fs/cgroup/unified && exec \"$0\" \"$@\"' /usr/bin/crun \"$@\"", CrunHybridWrapper.Script("/usr/bin/crun", "/sys/fs/cgroup/unified"));
        Assert.Throws<ArgumentException>(() => CrunHybridWrapper.Script("/usr/bin/crun", "/sys/x'; reboot '"));
    }
}
