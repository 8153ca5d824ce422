using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class CgroupLayoutTests
{
    private const string Hybrid = """
        30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        36 30 0:33 / /sys/fs/cgroup/freezer rw,relatime shared:7 - cgroup cgroup rw,freezer
        39 30 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
        40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        """;

    [Fact]
    public void Hybrid_IsRecognised()
    {
        CgroupLayout layout = CgroupLayout.From(CgroupLayout.ParseMountInfo(Hybrid), "hugetlb\n");

        Assert.Equal((CgroupKind.Hybrid, true), (layout.Kind, layout.UnifiedHasControllers));
        Assert.Equal("/sys/fs/cgroup/freezer/layerimage/x/freezer.state", layout.Freezer("x")!.ControlFile);
        Assert.Equal(["name=systemd"], layout.Mounts.Single(mount => mount.Path.EndsWith("systemd", StringComparison.Ordinal)).Controllers);
        Assert.False(CgroupLayout.From(layout.Mounts, "").UnifiedHasControllers);
    }

    [Fact]
    public void V2AndV1_AreRecognised()
    {
        CgroupLayout v2 = CgroupLayout.From(CgroupLayout.ParseMountInfo("40 30 0:37 / /sys/fs/cgroup rw - cgroup2 cgroup rw"), "cpu memory");
        CgroupLayout v1 = CgroupLayout.From(CgroupLayout.ParseMountInfo("34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory"), "");

        Assert.Equal((CgroupKind.V2, false), (v2.Kind, v2.UnifiedHasControllers));
        Assert.Equal("/sys/fs/cgroup/layerimage/x/cgroup.freeze", v2.Freezer("x")!.ControlFile);
        Assert.Equal(CgroupKind.V1, v1.Kind);
        Assert.Null(v1.Freezer("x"));
    }

    [Fact]
    public void ReadOnlyOrMissing_IsAClearError()
    {
        CgroupLayout layout = CgroupLayout.From(CgroupLayout.ParseMountInfo("40 30 0:37 / /sys/fs/cgroup ro - cgroup2 cgroup rw"), "");

        Assert.Equal(EngineError.NotSupportedByKernel, Assert.Throws<LayerImageException>(layout.EnsureUsable).Error);
    }
}
