using System.Diagnostics;
using System.Globalization;
using LayerImage.Engine;
using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.Mounts;

namespace LayerImage.Testing.Host;

/// <summary>
/// A process of its own that works on a store: to be killed, or one of many. It is the test program again, started with
/// <c>$LAYERIMAGE_TEST_CHILD</c>; its module initializer calls <see cref="RunIfAsked"/>.
/// </summary>
public static class StoreChild
{
    private const string Verb = "LAYERIMAGE_TEST_CHILD";

    /// <summary>Starts a child: a verb of <see cref="RunAsync"/> and its arguments.</summary>
    /// <param name="program">The test program's dll.</param>
    /// <param name="options">The store.</param>
    /// <param name="fault">The fault point where it kills itself, or null.</param>
    /// <param name="words">The verb and its arguments.</param>
    public static Process Start(string program, EngineOptions options, string? fault, params string[] words) => Start([], program, options, fault, words);

    /// <summary>The same by another program, which gets the child's command line after its own arguments.</summary>
    public static Process Start(IReadOnlyList<string> by, string program, EngineOptions options, string? fault, params string[] words)
    {
        string[] command = [.. by, Environment.ProcessPath!, program];
        ProcessStartInfo start = new(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment[Verb] = string.Join('\n', words);
        start.Environment["LAYERIMAGE_ROOT"] = options.Root;
        start.Environment["LAYERIMAGE_RUN"] = options.Run;
        start.Environment["LAYERIMAGE_CONFIG"] = options.Configuration;
        if (fault is not null)
        {
            start.Environment["LAYERIMAGE_FAULT"] = fault;
        }
        return Process.Start(start)!;
    }

    /// <summary>In a child: does what it was started for, and ends the process.</summary>
    public static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Verb) is not string words)
        {
            return;
        }
        int status = 0;
        try
        {
            RunAsync(EngineOptions.FromEnvironment(), words.Split('\n')).GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            // As the cmdlets tell it.
            Console.Error.WriteLine($"{HostFailure.Explain(e)?.Error} {e}");
            status = 1;
        }
        Environment.Exit(status);
    }

    /// <summary>What a child does, in this process.</summary>
    public static async Task RunAsync(EngineOptions options, params string[] words)
    {
        LayerImageEngine engine = new(options);
        switch (words)
        {
            case ["receive", var reference]:
                await engine.Images.ReceiveAsync(reference, new ReceiveOptions { RetryCount = 0 }, SilentObserver.Instance, default);
                break;
            case ["import", var path, var name]:
                await engine.Images.ImportAsync(path, name, null, default);
                break;
            case ["tag", var image, var tag]:
                engine.Images.AddTag(engine.Images.Get(image), tag);
                break;
            case ["remove", var image]:
                engine.Images.Remove(engine.Images.Get(image), null, force: true, pretend: false);
                break;
            case ["commit", var container, var tag]:
                await engine.Commits.CommitAsync(container, new() { Reference = tag }, SilentObserver.Instance, default);
                break;
            case ["commit-copy", var container, var tag]:
                await engine.Commits.CommitAsync(container, new() { Reference = tag, Timestamp = DateTimeOffset.UnixEpoch }, SilentObserver.Instance, default);
                break;
            case ["run", var image, var command]:
                Container run = await engine.Containers.RunAsync(new ContainerRequest { Image = image, Network = NetworkMode.None, Command = ["sleep", "100"] }, null, SilentObserver.Instance, default);
                await RunAsync(options, "exec", run.Id, command);
                await engine.Containers.RemoveAsync(run.Id, force: true, SilentObserver.Instance, default);
                break;
            case ["start", var container]:
                await engine.Containers.StartAsync(container, null, SilentObserver.Instance, default);
                break;
            case ["restart", var container]:
                await engine.Containers.RestartAsync(container, TimeSpan.Zero, SilentObserver.Instance, default);
                break;
            case ["exec", var container, var command]:
                await using (RunningCommand running = await engine.Containers.Commands.InvokeAsync(container, new ContainerCommandRequest { Command = [command] }, default))
                {
                    await foreach (Engine.Runtime.OutputLine line in running.ReadLinesAsync(default))
                    {
                        Console.Out.WriteLine(line.Text);
                    }
                }
                break;
            case ["peak", .. var what]:
                await RunAsync(options, what);
                Console.Out.WriteLine(File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)));
                break;
            case ["limited", var bytes, .. var what]:
                // As "ulimit -f", but for the files of this process's own run time, which are made before.
                using (Process prlimit = Process.Start("prlimit", [$"--pid={Environment.ProcessId}", $"--fsize={bytes}"]))
                {
                    await prlimit.WaitForExitAsync();
                }
                await RunAsync(options, what);
                break;
            case ["mount", var image, var path, var upper]:
                await engine.Mounts.MountAsync(new UnionMountRequest { Reference = image, Path = path, UpperDir = upper }, SilentObserver.Instance, default);
                break;
            case ["dismount", var path]:
                await engine.Mounts.DismountAsync(engine.Mounts.List().Single(mount => mount.Merged == path), new DismountOptions(), SilentObserver.Instance, default);
                break;
            case ["repair"]:
                foreach (IntegrityIssue issue in await engine.Store.TestAsync(full: true, SilentObserver.Instance, default).ToListAsync())
                {
                    await engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, default);
                }
                break;
            case ["clear"]:
                _ = engine.Store.Clear(engine.Store.FindGarbage()).Count();
                break;
            case ["busy", var seed, var seconds, .. var things]:
                await BeBusyAsync(engine, int.Parse(seed, CultureInfo.InvariantCulture), TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)), things);
                break;
            case ["create", var image, var name]:
                await engine.Containers.CreateAsync(new ContainerRequest { Image = image, Name = name, Network = NetworkMode.None }, SilentObserver.Instance, default);
                break;
            case ["changes", var container]:
                _ = (await engine.Containers.Changes.ReadAsync(container, new(), default)).Count();
                break;
            case ["containers", var seed, var seconds]:
                BusyContainers busy = new(engine, new Random(int.Parse(seed, CultureInfo.InvariantCulture)));
                (int done, int refused) = await busy.WorkAsync(TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
                Console.Out.WriteLine($"{done} {refused}");
                break;
            default:
                throw new ArgumentException(words[0]);
        }
    }

    // Things are references to receive, and folders to import. What another child takes away meanwhile is no error.
    private static async Task BeBusyAsync(LayerImageEngine engine, int seed, TimeSpan time, string[] things)
    {
        Random random = new(seed);
        int done = 0;
        for (Stopwatch watch = Stopwatch.StartNew(); watch.Elapsed < time; done++)
        {
            string thing = things[random.Next(things.Length)];
            try
            {
                await DoAsync(engine, random, thing);
            }
            catch (LayerImageException e) when (e.Error is EngineError.ImageNotFound or EngineError.ImageInUse)
            {
                // Removed by another, or a container of it is being made.
            }
        }
        Console.Out.WriteLine(done);
    }

    private static async Task DoAsync(LayerImageEngine engine, Random random, string thing)
    {
        switch (random.Next(10))
        {
            case 0 or 1 or 2:
                Image image = thing[0] == '/'
                    ? await engine.Images.ImportAsync(thing, $"made:{random.Next(3)}", null, default)
                    : await engine.Images.ReceiveAsync(thing, new ReceiveOptions { RetryCount = 0 }, SilentObserver.Instance, default);
                engine.Images.AddTag(image, $"other:{random.Next(3)}");
                break;
            case 3 or 4:
                if (engine.Images.List() is { Count: > 0 } all)
                {
                    engine.Images.Remove(all[random.Next(all.Count)], null, force: true, pretend: false);
                }
                break;
            case 5:
                await CheckAsync(engine, full: false);
                break;
            case 6:
                await CheckAsync(engine, full: true);
                break;
            case 7:
                await CommitAsync(engine, random);
                break;
            case 8:
                if (engine.Images.List() is { Count: > 0 } mountable)
                {
                    UnionMount mount = await engine.Mounts.MountAsync(new UnionMountRequest { Reference = mountable[random.Next(mountable.Count)].Id }, SilentObserver.Instance, default);
                    _ = Directory.GetFileSystemEntries(mount.Merged);
                    await engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, default);
                }
                break;
            default:
                _ = engine.Store.Clear(engine.Store.FindGarbage()).Count();
                break;
        }
    }

    private static async Task CommitAsync(LayerImageEngine engine, Random random)
    {
        if (engine.Images.List() is not { Count: > 0 } images)
        {
            return;
        }
        Container container = await engine.Containers.CreateAsync(new ContainerRequest { Image = images[random.Next(images.Count)].Id, Network = NetworkMode.None, Command = ["x"] }, SilentObserver.Instance, default);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(engine.Options.Root, "containers", container.Id, "upper", "own"), $"{random.Next(3)}");
            await engine.Commits.CommitAsync(container.Id, new CommitOptions { Reference = $"made:{random.Next(3)}" }, SilentObserver.Instance, default);
        }
        finally
        {
            await engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, default);
        }
    }

    private static async Task CheckAsync(LayerImageEngine engine, bool full)
    {
        await foreach (Engine.Maintenance.IntegrityIssue issue in engine.Store.TestAsync(full, SilentObserver.Instance, default))
        {
            throw new InvalidOperationException($"The check found in a store at work: {issue}");
        }
    }
}
