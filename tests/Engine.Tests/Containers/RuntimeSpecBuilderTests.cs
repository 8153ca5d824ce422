using System.Runtime.InteropServices;
using System.Text;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class RuntimeSpecBuilderTests
{
    private static readonly RuntimeHost s_host = new(LinuxCapabilities.FromMask("000001fffeffffff"), CgroupNamespaces: true, Architecture.X64, RecursiveReadOnly: true);

    private static readonly RuntimeSpecOptions s_options = new()
    {
        Id = "abc",
        Spec = new ContainerSpec { Image = "box", ImageId = "sha256:", Hostname = "web", Command = ["httpd", "-f"] },
        RootFsPath = "/m",
    };

    [Fact]
    public void Spec_HasDockersShape()
    {
        RuntimeSpec spec = RuntimeSpecBuilder.Build(s_options with { NetworkNamespacePath = "/run/ns" }, s_host);

        string json = Encoding.UTF8.GetString(RuntimeJson.Write(spec));
        Assert.StartsWith("""{"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":0,"gid":0,"additionalGids":[0],"umask":18},"args":["httpd","-f"],"env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","HOSTNAME=web","HOME=/"],"cwd":"/","capabilities":{"bounding":["CAP_CHOWN",""", json);
        Assert.Contains("""{"type":"network","path":"/run/ns"}""", json);
        Assert.Contains("""{"allow":false,"access":"rwm"}""", json);
        Assert.Equal(["pid", "mount", "ipc", "uts", "cgroup", "network"], spec.Linux.Namespaces.Select(one => one.Type));
        Assert.Equal(14, spec.Process.Capabilities.Bounding.Count);
        Assert.Equal("0", spec.Linux.Sysctl!["net.ipv4.ip_unprivileged_port_start"]);
        Assert.Equal(json, Encoding.UTF8.GetString(RuntimeJson.Write(RuntimeJson.Read(Encoding.UTF8.GetBytes(json)))));
    }

    [Fact]
    public void HostNetwork_IsNotTouched() => Assert.Null(RuntimeSpecBuilder.Build(s_options, s_host).Linux.Sysctl);

    [Fact]
    public void Text_IsWrittenAsItIs()
        => Assert.Contains("A=<é+&'>", Encoding.UTF8.GetString(RuntimeJson.Write(RuntimeSpecBuilder.Build(With(spec => spec with { Environment = ["A=<é+&'>"] }), s_host))));

    [Fact]
    public void Environment_LastOfANameWinsAndImagesPathStays()
    {
        IReadOnlyList<string> environment = RuntimeSpecBuilder.Environment(With(spec => spec with { Terminal = true, Environment = ["PATH=/p", "A=1", "A=2", "HOME=/h", "EMPTY="] }));

        Assert.Equal(["PATH=/p", "HOSTNAME=web", "TERM=xterm", "A=2", "HOME=/h", "EMPTY="], environment);
    }

    [Theory]
    [InlineData("", "ALL", 0)]
    [InlineData("net_admin", "ALL", 1)]
    [InlineData("NET_ADMIN CAP_SYS_TIME", "", 16)]
    [InlineData("", "MKNOD chown", 12)]
    [InlineData("ALL", "", 40)] // all but CAP_SYS_RESOURCE, which this host has not to give
    [InlineData("ALL", "SYS_ADMIN", 39)]
    public void Capabilities_AreAddedAndDropped(string add, string drop, int count)
        => Assert.Equal(count, RuntimeSpecBuilder.Build(With(spec => spec with { CapAdd = Words(add), CapDrop = Words(drop) }), s_host).Process.Capabilities.Bounding.Count);

    [Fact]
    public void Capability_ThatIsNone_IsAnError()
        => Assert.Equal(EngineError.ParameterInvalid, Assert.Throws<LayerImageException>(() => RuntimeSpecBuilder.Build(With(spec => spec with { CapAdd = ["FLY"] }), s_host)).Error);

    [Fact]
    public void Limits_AreTheFixedOnesWithThoseAskedInTheirPlace()
    {
        RuntimeHost host = s_host with { Limits = [new SpecLimit("RLIMIT_NOFILE", 9, 9), new SpecLimit("RLIMIT_CORE", 9, 9)] };

        IReadOnlyList<SpecLimit> limits = RuntimeSpecBuilder.Build(s_options with { Spec = s_options.Spec with { Ulimits = [new("nofile", 1, 2), new("nice", 3, 3), new("nofile", 4, 5)] } }, host).Process.Rlimits!;

        Assert.Equal([new SpecLimit("RLIMIT_CORE", 9, 9), new SpecLimit("RLIMIT_NICE", 3, 3), new SpecLimit("RLIMIT_NOFILE", 5, 4)], limits);
    }

    [Fact]
    public void OrdinaryUser_StartsWithoutCapabilities()
    {
        SpecCapabilities capabilities = RuntimeSpecBuilder.Build(s_options with { User = new ContainerUser(1000, 1000, [1000], "/") }, s_host).Process.Capabilities;

        Assert.Empty(capabilities.Effective);
        Assert.Empty(capabilities.Permitted);
        Assert.Equal(14, capabilities.Bounding.Count);
    }

    [Fact]
    public void Privileged_IsNotConfined()
    {
        SpecLinux linux = RuntimeSpecBuilder.Build(With(spec => spec with { Privileged = true }), s_host).Linux;

        Assert.Null(linux.Seccomp);
        Assert.Null(linux.MaskedPaths);
        Assert.Equal(new SpecDeviceRule(true, null, null, null, "rwm"), Assert.Single(linux.Resources.Devices));
    }

    [Fact]
    public void Mounts_GoParentsFirstAndReplaceDefaults()
    {
        IReadOnlyList<SpecMount> mounts = RuntimeSpecBuilder.Build(s_options with { Mounts = [new("/b", "/a/b/c", true), new("/a", "/a"), new("/s", "/dev/shm")] }, s_host).Mounts;

        Assert.Equal(["/a", "/dev/shm", "/a/b/c"], mounts.Where(mount => mount.Type == "bind").Select(mount => mount.Destination));
        Assert.Single(mounts, mount => mount.Destination == "/dev/shm");
        Assert.Equal(["rbind", "rprivate", "ro"], mounts.Single(mount => mount.Destination == "/a/b/c").Options);
    }

    [Fact]
    public void Tmpfs_IsMountedAmongTheOthers()
    {
        IReadOnlyList<SpecMount> mounts = RuntimeSpecBuilder.Build(
            s_options with { Mounts = [new("/b", "/run/a/b")], Spec = s_options.Spec with { Tmpfs = [new("/run/a", "size=1m"), new("/dev/shm", "")] } }, s_host).Mounts;

        Assert.Equal(["/run/a", "/dev/shm", "/run/a/b"], mounts.TakeLast(3).Select(mount => mount.Destination));
        Assert.Equal(["noexec", "nosuid", "nodev", "size=1m"], mounts[^3].Options);
        Assert.Single(mounts, mount => mount.Destination == "/dev/shm");
    }

    // Without the root's, the runtime would have cut the source off before it is mounted.
    [Theory]
    [InlineData("rprivate", null)]
    [InlineData("private", null)]
    [InlineData("slave", "rslave")]
    [InlineData("rslave", "rslave")]
    [InlineData("rshared", "shared")]
    public void PropagationOfAVolume_IsTheRootsToo(string propagation, string? root)
    {
        RuntimeSpec spec = RuntimeSpecBuilder.Build(s_options with { Mounts = [new("/b", "/data", Propagation: propagation), new("/c", "/other")] }, s_host);

        Assert.Equal(root, spec.Linux.RootfsPropagation);
        Assert.Equal(["rbind", propagation, "rw"], spec.Mounts.Single(mount => mount.Destination == "/data").Options);
    }

    [Theory]
    [InlineData(true, true, "rro")]
    [InlineData(true, false, "ro")]
    [InlineData(false, true, "ro")]
    public void ReadOnlyFolder_IsSoWithAllBeneathWhereTheKernelCan(bool isFolder, bool kernelCan, string option)
    {
        RuntimeSpec spec = RuntimeSpecBuilder.Build(s_options with { Mounts = [new("/b", "/data", ReadOnly: true, IsFolder: isFolder)] }, s_host with { RecursiveReadOnly = kernelCan });

        Assert.Equal(["rbind", "rprivate", option], spec.Mounts.Single(mount => mount.Destination == "/data").Options);
    }

    [Fact]
    public void Seccomp_FollowsTheCapabilities()
    {
        SpecSeccomp plain = RuntimeSpecBuilder.Build(s_options, s_host).Linux.Seccomp!, admin = RuntimeSpecBuilder.Build(With(spec => spec with { CapAdd = ["SYS_ADMIN"] }), s_host).Linux.Seccomp!;

        Assert.Equal(("SCMP_ACT_ERRNO", 1u), (plain.DefaultAction, plain.DefaultErrnoRet));
        Assert.DoesNotContain("mount", Allowed(plain).Names);
        Assert.Contains("chroot", Allowed(plain).Names);
        Assert.Equal(38u, plain.Syscalls.Single(rule => rule.Names[0] == "clone3").ErrnoRet);
        Assert.Equal(0x7E020000ul, plain.Syscalls.Single(rule => rule.Names[0] == "clone").Args![0].Value);
        Assert.Contains("mount", Allowed(admin).Names);
        Assert.Contains("clone3", Allowed(admin).Names);
        Assert.DoesNotContain(admin.Syscalls.Except([Allowed(admin)]), rule => rule.Names[0] is "clone" or "clone3");
        Assert.DoesNotContain(Allowed(plain).Names, name => name.StartsWith("io_uring", StringComparison.Ordinal) || name is "socket" or "userfaultfd" or "keyctl" or "add_key");
    }

    [Theory]
    [InlineData(2ul, true)] // AF_INET
    [InlineData(17ul, true)] // AF_PACKET
    [InlineData(37ul, true)]
    [InlineData(38ul, false)] // AF_ALG
    [InlineData(39ul, true)]
    [InlineData(40ul, false)] // AF_VSOCK
    [InlineData(41ul, true)]
    [InlineData(45ul, true)]
    [InlineData(0x1_0000_0026ul, false)] // of which the kernel takes the lower half
    [InlineData(0x1_0000_0028ul, false)]
    [InlineData(0x1_0000_0002ul, true)]
    public void Seccomp_SocketFamily(ulong family, bool allowed)
    {
        IEnumerable<SpecSyscallArgument> rules = RuntimeSpecBuilder.Build(s_options, s_host).Linux.Seccomp!.Syscalls.Where(rule => rule.Names.Contains("socket")).Select(rule => Assert.Single(rule.Args!));

        Assert.Equal(allowed, rules.Any(rule => rule is { Index: 0, Op: "SCMP_CMP_MASKED_EQ" } && (family & rule.Value) == rule.ValueTwo));
    }

    [Theory]
    [InlineData(Architecture.X64, false, false)]
    [InlineData(Architecture.X64, true, true)]
    [InlineData(Architecture.S390x, false, true)] // whose C library has no other way
    public void Seccomp_SocketCall_IsForProgramsThatNeedIt(Architecture architecture, bool is32Bit, bool allowed) =>
        Assert.Equal(allowed, RuntimeSpecBuilder.Build(With(spec => spec with { Platform = is32Bit ? "linux/386" : "linux/amd64" }), s_host with { Architecture = architecture }).Linux.Seccomp! is var seccomp && Allowed(seccomp).Names.Contains("socketcall"));

    private static RuntimeSpecOptions With(Func<ContainerSpec, ContainerSpec> change) => s_options with { Spec = change(s_options.Spec) };

    private static SpecSyscall Allowed(SpecSeccomp seccomp) => seccomp.Syscalls.First(rule => rule.Action == "SCMP_ACT_ALLOW");

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
