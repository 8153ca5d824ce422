using System.Diagnostics;
using System.Runtime.InteropServices;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.SystemTests.Runtime;

public sealed class ContainerEnvironmentTests
{
    // docker run --rm busybox cat /proc/self/status: CapBnd of the fourteen defaults.
    private const string DockersCapabilities = "00000000a80425fb";

    [Fact]
    public async Task Root_HasDockersCapabilitiesAndFilter()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();

        (_, string status) = await harness.OutputAsync(harness.Options("cat", "/proc/self/status"));

        Assert.Contains("CapInh:\t0000000000000000", status);
        Assert.Contains("CapPrm:\t" + DockersCapabilities, status);
        Assert.Contains("CapEff:\t" + DockersCapabilities, status);
        Assert.Contains("CapBnd:\t" + DockersCapabilities, status);
        Assert.Contains("CapAmb:\t0000000000000000", status);
        Assert.Contains("Seccomp:\t2", status);
        Assert.Contains("NoNewPrivs:\t0", status);
    }

    // Of this process, which a shell started: its own limits are nobody's in the container.
    [Fact]
    public async Task Limits_AreNotTheCallers()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        string before = await LimitOwnAsync("--output=SOFT", "--noheadings", "--raw", "--core", "--stack");
        await LimitOwnAsync("--core=0:", "--stack=4194304:");
        try
        {
            (_, string limits) = await harness.OutputAsync(harness.Options("sh", "-c", "ulimit -c; ulimit -s; ulimit -f; [ $(ulimit -n) = $(ulimit -Hn) ] && echo same"));
            Assert.Equal("unlimited\n8192\nunlimited\nsame", limits);

            RuntimeSpecOptions options = harness.Options("sleep", "100");
            await harness.RunAsync(options);
            (_, List<OutputLine> lines) = await harness.ExecAsync(options, null, "sh", "-c", "ulimit -c; ulimit -s");
            Assert.Equal(["unlimited", "8192"], lines.Select(line => line.Text));
        }
        finally
        {
            string[] soft = before.Split('\n');
            await LimitOwnAsync($"--core={soft[0]}:", $"--stack={soft[1]}:");
        }
    }

    private static async Task<string> LimitOwnAsync(params string[] arguments)
    {
        using Process program = Process.Start(new ProcessStartInfo("prlimit", ["--pid", $"{Environment.ProcessId}", .. arguments]) { RedirectStandardOutput = true })!;
        string output = await program.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, program.ExitCode);
        return output;
    }

    [Fact]
    public async Task Filter_IsTheSameWhenItComesFromTheCache()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        await harness.OutputAsync(harness.Options("true"));
        string kept = Assert.Single(Directory.EnumerateFiles(Path.Combine(harness.Engine.Run, "seccomp")));
        RuntimeSpecOptions options = harness.Options("sleep", "100");

        await harness.RunAsync(options);

        Assert.Contains("seccomp_bpf_data", File.ReadAllText(Path.Combine(harness.Paths.Bundle(options.Id), "config.json")));
        (int refused, _) = await harness.ExecAsync(options, null, "unshare", "-U", "true");
        Assert.NotEqual(0, refused);
        (_, List<OutputLine> lines) = await harness.ExecAsync(options, null, "grep", "Seccomp:", "/proc/self/status", "/proc/1/status");
        Assert.Equal(["/proc/self/status:Seccomp:\t2", "/proc/1/status:Seccomp:\t2"], lines.Select(line => line.Text));
        Assert.Equal(File.ReadAllBytes(kept), File.ReadAllBytes(Path.Combine(harness.Paths.CrunRoot, options.Id, "seccomp.bpf")));
    }

    [Fact]
    public async Task Filter_RefusesForbiddenSocketsInEveryWay()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        Assert.SkipUnless(RuntimeInformation.OSArchitecture == Architecture.X64, "The program is for x86-64.");
        await using RuntimeHarness harness = new();
        string program = Path.Combine(harness.RootFsPath, "sockets");
        ForbiddenSocketProgram.Write(program, with32Bit: true);
        using Process outside = Process.Start(program);
        await outside.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, outside.ExitCode); // it can tell the difference
        if (outside.ExitCode == 139)
        {
            ForbiddenSocketProgram.Write(program, with32Bit: false); // a kernel without 32-bit calls
        }

        (int? exitCode, _) = await harness.OutputAsync(harness.Options("/sockets"));

        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task User_HasItsIdsGroupsHomeAndNoCapabilities()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        using ContainerRoot root = new(harness.RootFsPath);
        ContainerUser user = ContainerUserResolver.Resolve(root, "app");

        (_, string output) = await harness.OutputAsync(harness.Options("sh", "-c", "id; echo $HOME; grep CapEff /proc/self/status") with { User = user });

        Assert.Equal("uid=1000(app) gid=1001(app) groups=50(staff),1001(app),2000(logs)\n/home/app\nCapEff:\t0000000000000000", output);
    }

    [Fact]
    public async Task Process_SeesItsHostnameEnvironmentAndFolder()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();

        (_, string output) = await harness.OutputAsync(harness.Options("sh", "-c", "hostname; pwd; env | grep -v SHLVL | grep -v PWD").With(spec => spec with
        {
            WorkingDirectory = "/tmp",
            Environment = ["A=1", "A=2", "B=x=y"],
        }));

        string[] lines = output.Split('\n');
        Assert.Equal(["box", "/tmp"], lines[..2]);
        Assert.Equal(["A=2", "B=x=y", "HOME=/", "HOSTNAME=box", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], lines[2..].Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Kernel_IsMaskedAndReadOnly()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();

        (_, string output) = await harness.OutputAsync(harness.Options("sh", "-c", """
            cat /proc/keys | wc -c; ls /sys/firmware | wc -l
            (echo x > /proc/sys/kernel/core_pattern) 2>/dev/null && echo wrote-sys; (echo c > /proc/sysrq-trigger) 2>/dev/null && echo wrote-sysrq
            touch /sys/x 2>/dev/null && echo wrote-sysfs
            mount -t tmpfs none /tmp 2>/dev/null && echo mounted
            unshare -U true 2>/dev/null && echo unshared
            echo x > /dev/null && echo null-ok
            grep -c ' /dev/shm ' /proc/self/mountinfo
            ls /proc | grep -c '^[0-9]'
            """));

        Assert.Equal("0\n0\nnull-ok\n1", string.Join('\n', output.Split('\n')[..4]));
        Assert.InRange(int.Parse(output.Split('\n')[4]), 1, 5);
    }

    [Fact]
    public async Task Privileged_HasAllThatThisProcessHas()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();

        (int? exitCode, string output) = await harness.OutputAsync(harness.Options("sh", "-c", "grep -E 'CapBnd|Seccomp:' /proc/self/status; mount -t tmpfs none /tmp && echo mounted").With(spec => spec with { Privileged = true }));

        string bounding = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapBnd", StringComparison.Ordinal));
        Assert.Equal((0, $"{bounding}\nSeccomp:\t0\nmounted"), (exitCode, output));
    }

    [Fact]
    public async Task Limits_AreSet()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100").With(spec => spec with { Memory = 64 << 20, PidsLimit = 33, Cpu = 0.5m }) with { LimitsSwap = harness.Cgroups.LimitsSwap() };

        await harness.RunAsync(options);

        Assert.Equal("67108864", Read(("memory", "memory.limit_in_bytes"), "memory.max"));
        if (options.LimitsSwap)
        {
            // Version 1 counts memory and swap space together.
            bool together = harness.Cgroups.Mounts.Any(mount => mount.Controllers.Contains("memory"));
            Assert.Equal(together ? "134217728" : "67108864", Read(("memory", "memory.memsw.limit_in_bytes"), "memory.swap.max"));
        }
        Assert.Equal("33", Read(("pids", "pids.max"), "pids.max"));
        Assert.Contains("50000", Read(("cpu", "cpu.cfs_quota_us"), "cpu.max"));

        string Read((string Controller, string File) v1, string v2)
        {
            CgroupMount mount = harness.Cgroups.Mounts.FirstOrDefault(mount => mount.Controllers.Contains(v1.Controller)) ?? harness.Cgroups.Mounts.First(mount => mount.IsV2);
            return File.ReadAllText(mount.Path + CgroupLayout.PathOf(options.Id) + "/" + (mount.IsV2 ? v2 : v1.File)).Trim();
        }
    }

    [Fact]
    public async Task EtcFiles_AndBindMounts_AreSeen()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        string data = Path.Combine(harness.Folder, "data");
        Directory.CreateDirectory(data);
        RuntimeSpecOptions options = harness.Options("sh", "-c", "cat /etc/hostname; grep box /etc/hosts; echo new > /data/file; touch /ro/file 2>/dev/null || echo refused") with
        {
            Mounts =
            [
                .. EtcFiles.Write(Path.Combine(harness.Folder, "etcfiles"), "box", [System.Net.IPAddress.Parse("10.9.8.7")], sharesHostNetwork: false, readOnly: false),
                new BindMount(data, "/data"),
                new BindMount(data, "/ro", ReadOnly: true),
            ],
        };

        (_, string output) = await harness.OutputAsync(options);

        Assert.Equal("box\n10.9.8.7\tbox\nrefused", output);
        Assert.Equal("new\n", File.ReadAllText(Path.Combine(data, "file")));
    }

    [Fact]
    public async Task ReadOnlyVolume_IsSoWithAllThatIsMountedBeneath()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        string beneath = Directory.CreateDirectory(Path.Combine(harness.Folder, "data", "beneath")).FullName;
        await Images.ImageHarness.ShellAsync($"mount -t tmpfs limg-test '{beneath}'");
        try
        {
            RuntimeSpecOptions options = harness.Options("sh", "-c", "touch /ro/file 2>/dev/null || echo refused; touch /ro/beneath/file 2>/dev/null || echo refused beneath") with
            {
                Mounts = [new BindMount(Path.Combine(harness.Folder, "data"), "/ro", ReadOnly: true, IsFolder: true)],
            };

            Assert.Equal("refused\nrefused beneath", (await harness.OutputAsync(options)).Output);
        }
        finally
        {
            await Images.ImageHarness.ShellAsync($"umount '{beneath}'");
        }
    }

    [Fact]
    public async Task Init_ReapsAndPassesSignalsOn()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        string? init = ((string[])["/usr/bin/tini-static", "/usr/libexec/podman/catatonit", "/usr/bin/catatonit", "/usr/bin/docker-init"]).FirstOrDefault(File.Exists);
        Assert.SkipWhen(init is null, "needs a static init program");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100") with { InitPath = init };
        await harness.RunAsync(options);
        Task<RuntimeState> end = harness.Runtime.WaitAsync(options.Id, RuntimeHarness.Deadline);

        // The first process ignores a signal until it has said what it does with it, which on a busy machine takes a while.
        while (!end.IsCompleted)
        {
            harness.Runtime.Kill(options.Id, 15);
            await Task.WhenAny(end, Task.Delay(300));
        }

        Assert.Equal(143, (await end).ExitCode);
    }
}
