using System.Diagnostics;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Runtime;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Runtime;

/// <summary>A run folder, a busybox root file system and a runtime of the test's own; removes what it made.</summary>
internal sealed class RuntimeHarness : IAsyncDisposable
{
    private static readonly string[] s_applets =
        ["sh", "cat", "ls", "sleep", "id", "echo", "true", "stty", "mount", "ps", "kill", "hostname", "grep", "test", "env", "pwd", "seq", "head", "tty", "touch", "unshare", "wc", "sed", "printf"];

    private readonly List<string> _ids = [];

    public RuntimeHarness()
    {
        Folder = Directory.CreateTempSubdirectory("layerimage-rt-").FullName;
        RootFsPath = Path.Combine(Folder, "rootfs");
        foreach (string name in (string[])["bin", "etc", "proc", "sys", "dev", "tmp", "root", "home/app"])
        {
            Directory.CreateDirectory(Path.Combine(RootFsPath, name));
        }
        File.Copy("/bin/busybox", Path.Combine(RootFsPath, "bin", "busybox"));
        foreach (string applet in s_applets)
        {
            File.CreateSymbolicLink(Path.Combine(RootFsPath, "bin", applet), "busybox");
        }
        File.WriteAllText(Path.Combine(RootFsPath, "etc", "passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n");
        File.WriteAllText(Path.Combine(RootFsPath, "etc", "group"), "root:x:0:\nstaff:x:50:app\napp:x:1001:\nlogs:x:2000:root,app\n");
        ReadableTree.Make(RootFsPath);
        Cgroups = CgroupLayout.Read();
        Engine = new EngineOptions { Root = Path.Combine(Folder, "root"), Run = Path.Combine(Folder, "run"), Configuration = Path.Combine(Folder, "etc") };
        Runtime = new CrunRuntime(Engine, Cgroups);
        Host = RuntimeHost.Read();
    }

    public static string? Missing => Requires.All(Requires.Root, Requires.Tool("crun"), Requires.Tool("conmon"), Requires.Tool("busybox"));

    public string Folder { get; }

    public string RootFsPath { get; }

    public CgroupLayout Cgroups { get; }

    public EngineOptions Engine { get; }

    public CrunRuntime Runtime { get; }

    public RuntimeHost Host { get; }

    public RuntimePaths Paths => new(Engine.Run);

    public string LogPath(string id) => Path.Combine(Folder, id + ".log");

    public RuntimeSpecOptions Options(params string[] arguments)
    {
        string id = "lirt" + Guid.NewGuid().ToString("N");
        _ids.Add(id);
        return new RuntimeSpecOptions
        {
            Id = id,
            Spec = new ContainerSpec { Image = "box", ImageId = "sha256:", Hostname = "box", Command = arguments },
            RootFsPath = RootFsPath,
        };
    }

    public ContainerLaunch Launch(RuntimeSpecOptions options) => new()
    {
        Id = options.Id,
        Name = options.Id,
        Spec = RuntimeSpecBuilder.Build(options, Host),
        LogPath = LogPath(options.Id),
    };

    public async Task<ProcessIdentity> RunAsync(RuntimeSpecOptions options, Func<ContainerLaunch, ContainerLaunch>? change = null)
    {
        ContainerLaunch launch = Launch(options);
        ProcessIdentity process = await Runtime.CreateAsync(change?.Invoke(launch) ?? launch, CancellationToken.None);
        await Runtime.StartAsync(options.Id, CancellationToken.None);
        return process;
    }

    /// <summary>Runs to the end and returns the exit code and what was written to both outputs.</summary>
    public async Task<(int? ExitCode, string Output)> OutputAsync(RuntimeSpecOptions options)
    {
        await RunAsync(options);
        RuntimeState state = await Runtime.WaitAsync(options.Id, Deadline);
        return (state.ExitCode, string.Join('\n', (await LogAsync(options.Id)).Select(record => record.Message)));
    }

    public async Task<List<LogRecord>> LogAsync(string id, LogReadOptions? options = null)
    {
        List<LogRecord> records = [];
        await foreach (LogRecord record in ContainerLogReader.ReadAsync(LogPath(id), options ?? new LogReadOptions(), Deadline))
        {
            records.Add(record);
        }
        return records;
    }

    public async Task<(int ExitCode, List<OutputLine> Lines)> ExecAsync(RuntimeSpecOptions options, Stream? input, params string[] arguments)
    {
        SpecProcess process = RuntimeSpecBuilder.BuildExec(options.With(spec => spec with { Command = arguments }), Host);
        await using ExecProcess exec = await Runtime.ExecAsync(options.Id, new ExecOptions { Process = process, StandardInput = input }, Deadline);
        List<OutputLine> lines = [];
        await foreach (OutputLine line in exec.ReadLinesAsync(Deadline))
        {
            lines.Add(line);
        }
        return (await exec.WaitAsync(Deadline), lines);
    }

    public int Conmon(string id) => int.Parse(File.ReadAllText(Path.Combine(Paths.Bundle(id), "conmon.pid")));

    public static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "not within 10 s: " + what);
            await Task.Delay(5);
        }
    }

    public IEnumerable<string> LeftBehind()
    {
        foreach (string id in _ids)
        {
            foreach (CgroupMount mount in Cgroups.Mounts.Where(mount => Directory.Exists(mount.Path + CgroupLayout.PathOf(id))))
            {
                yield return mount.Path + CgroupLayout.PathOf(id);
            }
            foreach (string path in ((string[])[Paths.Bundle(id), Path.Combine(Paths.CrunRoot, id)]).Where(Directory.Exists))
            {
                yield return path;
            }
        }
        foreach (string line in File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(Folder)))
        {
            yield return line;
        }
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out int _)))
        {
            string command = "";
            try
            {
                command = File.ReadAllText(folder + "/cmdline").Replace('\0', ' ');
            }
            catch (IOException)
            {
            }
            if (command.Contains(Folder))
            {
                yield return command;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string id in _ids)
        {
            await Runtime.DeleteAsync(id, force: true, CancellationToken.None);
        }
        Stopwatch watch = Stopwatch.StartNew();
        while (LeftBehind().Any() && watch.Elapsed < TimeSpan.FromSeconds(3))
        {
            await Task.Delay(10);
        }
        string[] left = [.. LeftBehind()];
        Directory.Delete(Folder, recursive: true);
        Assert.Empty(left);
    }
}

/// <summary>Changes what was decided about a container.</summary>
internal static class DecidedOptions
{
    public static RuntimeSpecOptions With(this RuntimeSpecOptions options, Func<ContainerSpec, ContainerSpec> change) => options with { Spec = change(options.Spec) };
}
