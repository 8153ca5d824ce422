using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class HostFilesTests
{
    private const string Hybrid = """
        30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        36 30 0:33 / /sys/fs/cgroup/freezer rw,relatime shared:7 - cgroup cgroup rw,freezer
        39 30 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
        40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        """;

    [Fact]
    public void Cgroups_HybridIsRecognised()
    {
        CgroupLayout layout = CgroupLayout.From(CgroupLayout.ParseMountInfo(Hybrid), "hugetlb\n");

        Assert.Equal((CgroupKind.Hybrid, true), (layout.Kind, layout.UnifiedHasControllers));
        Assert.Equal("/sys/fs/cgroup/freezer/layerimage/x/freezer.state", layout.Freezer("x")!.ControlFile);
        Assert.Equal(["name=systemd"], layout.Mounts.Single(mount => mount.Path.EndsWith("systemd", StringComparison.Ordinal)).Controllers);
        Assert.False(CgroupLayout.From(layout.Mounts, "").UnifiedHasControllers);
    }

    [Fact]
    public void Cgroups_V2AndV1AreRecognised()
    {
        CgroupLayout v2 = CgroupLayout.From(CgroupLayout.ParseMountInfo("40 30 0:37 / /sys/fs/cgroup rw - cgroup2 cgroup rw"), "cpu memory");
        CgroupLayout v1 = CgroupLayout.From(CgroupLayout.ParseMountInfo("34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory"), "");

        Assert.Equal((CgroupKind.V2, false), (v2.Kind, v2.UnifiedHasControllers));
        Assert.Equal("/sys/fs/cgroup/layerimage/x/cgroup.freeze", v2.Freezer("x")!.ControlFile);
        Assert.Equal(CgroupKind.V1, v1.Kind);
        Assert.Null(v1.Freezer("x"));
    }

    [Fact]
    public void Cgroups_ReadOnlyOrMissing_IsAClearError()
    {
        CgroupLayout layout = CgroupLayout.From(CgroupLayout.ParseMountInfo("40 30 0:37 / /sys/fs/cgroup ro - cgroup2 cgroup rw"), "");

        Assert.Equal(EngineError.NotSupportedByKernel, Assert.Throws<LayerImageException>(layout.EnsureUsable).Error);
    }

    [Fact]
    public void HybridWrapper_HidesTheMountAndTakesNoOddPath()
    {
        Assert.Contains("unshare --mount --propagation unchanged /bin/sh -c 'mount --make-private /sys/fs/cgroup/unified && mount -t tmpfs -o size=64k none /sys/fs/cgroup/unified && exec \"$0\" \"$@\"' /usr/bin/crun \"$@\"", CrunHybridWrapper.Script("/usr/bin/crun", "/sys/fs/cgroup/unified"));
        Assert.Throws<ArgumentException>(() => CrunHybridWrapper.Script("/usr/bin/crun", "/sys/x'; reboot '"));
    }

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

    // The second and fourth columns of /proc/self/limits are the soft and the hard limit.
    [Theory]
    [InlineData(false, 1048576ul, 524288ul, 20000ul)]
    [InlineData(true, 1048576ul, 1048576ul, 1048576ul)]
    [InlineData(true, 600000ul, 600000ul, 1048576ul)]
    public void Limits_AreFixedAndNoMoreThanCanBeGiven(bool mayRaise, ulong mostFiles, ulong files, ulong processes)
    {
        const string Own = """
            Limit                     Soft Limit           Hard Limit           Units
            Max cpu time              10                   unlimited            seconds
            Max stack size            1024                 unlimited            bytes
            Max core file size        0                    unlimited            bytes
            Max processes             100                  20000                processes
            Max open files            1024                 524288               files
            Max realtime priority     99                   99

            """;

        IReadOnlyList<SpecLimit> limits = RuntimeLimits.Compose(Own, mayRaise, mostFiles);

        Assert.Equal(
        [
            new SpecLimit("RLIMIT_NOFILE", files, files), new SpecLimit("RLIMIT_NPROC", processes, processes), new SpecLimit("RLIMIT_CORE", ulong.MaxValue, ulong.MaxValue),
            new SpecLimit("RLIMIT_CPU", ulong.MaxValue, ulong.MaxValue), new SpecLimit("RLIMIT_STACK", ulong.MaxValue, 8 << 20), new SpecLimit("RLIMIT_RTPRIO", 0, 0),
        ], limits);
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

    [Fact]
    public void ProcessIdentity_IsReadPastAnyName()
    {
        string tail = " S 1 2 3 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1";

        Assert.Equal(98765, HostProcess.ParseStartTime("7 (a) b (c))" + tail));
        Assert.Null(HostProcess.ParseStartTime("7 (x)" + tail.Replace(" S ", " Z ", StringComparison.Ordinal)));
        Assert.True(ProcessIdentity.Of(Environment.ProcessId)!.Value.IsAlive);
    }
}
