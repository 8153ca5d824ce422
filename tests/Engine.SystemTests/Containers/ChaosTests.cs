using System.Diagnostics;
using System.Globalization;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>
/// Sessions that do whatever can be done to containers, and at any moment one of them, a monitor, a runtime or a program is
/// killed: afterwards everything can be listed and removed, and nothing is left. Fifteen seconds in a run, with other choices
/// for each seed; twenty minutes with <c>build.ps1 Test -Long</c>.
/// </summary>
[Collection("Containers")]
public class ChaosTests
{
    private const int Sessions = 3;
    private static readonly TimeSpan s_time = TestRun.IsLong ? TimeSpan.FromMinutes(20) : TimeSpan.FromSeconds(15);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KillsAtAnyMoment_LeaveNothing()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        Random random = TestRun.Random;
        Stopwatch watch = Stopwatch.StartNew();
        Task<int>[] sessions = [.. Enumerable.Range(0, Sessions).Select(number => SessionsAsync(harness, random.Next(), watch, number))];
        Dictionary<string, int> killed = [];
        while (watch.Elapsed < s_time)
        {
            await Task.Delay(random.Next(50, 500), Stop);
            if (OneOf(Ours(harness), random) is (int id, string name))
            {
                Kill(id);
                killed[name] = killed.GetValueOrDefault(name) + 1;
            }
        }
        int deaths = (await Task.WhenAll(sessions)).Sum();

        string what = $"seed {TestRun.Seed}; killed: {string.Join(", ", killed.Select(pair => $"{pair.Key} {pair.Value}"))}";
        TestContext.Current.TestOutputHelper?.WriteLine(what);
        Assert.True(deaths > 0 && killed.Count > 1, what);
        foreach (Container container in await harness.Containers.ListAsync(Stop))
        {
            Assert.True(container.State != ContainerState.Starting, $"{container}: {container.State} ({what})");
            await harness.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, Stop);
        }
        harness.Engine.RemoveLeftovers();
        _ = harness.Engine.Store.Clear(harness.Engine.Store.FindGarbage()).Count();
        Assert.Empty(await harness.Containers.ListAsync(Stop));
        Assert.Empty(await harness.Engine.Store.TestAsync(full: true, SilentObserver.Instance, Stop).ToListAsync(Stop));
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Layout.Containers));
        Assert.Empty(Directory.EnumerateFiles(harness.Layout.Locks, "container-*"));
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(5), Stop);
        Assert.Empty(Ours(harness));
    }

    // One after the other until the time is over; how many were killed. What is no error of the engine's is a failure.
    private static async Task<int> SessionsAsync(ContainerHarness harness, int seed, Stopwatch watch, int number)
    {
        int deaths = 0;
        for (int turn = 0; watch.Elapsed < s_time; turn++)
        {
            double seconds = Math.Max(0.1, (s_time - watch.Elapsed).TotalSeconds);
            using Process child = StoreChild.Start(typeof(ChaosTests).Assembly.Location, harness.Engine.Options, null, "containers", (seed + turn).ToString(CultureInfo.InvariantCulture), seconds.ToString(CultureInfo.InvariantCulture));
            Task<string> output = child.StandardOutput.ReadToEndAsync(Stop);
            string error = await child.StandardError.ReadToEndAsync(Stop);
            await child.WaitForExitAsync(Stop);
            Assert.True(child.ExitCode is 0 or 137, $"session {number}.{turn}, seed {seed + turn}: {child.ExitCode} {error} {await output}");
            deaths += child.ExitCode == 137 ? 1 : 0;
        }
        return deaths;
    }

    // The sessions, and the monitors, runtimes and programs of this store's containers.
    private static List<(int Id, string Name)> Ours(ContainerHarness harness)
    {
        List<(int, string)> found = [];
        foreach (int id in Directory.EnumerateDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), out int number) ? number : 0).Where(number => number > 0 && number != Environment.ProcessId))
        {
            try
            {
                string command = File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' '), environment = File.ReadAllText($"/proc/{id}/environ"), name = File.ReadAllText($"/proc/{id}/comm").Trim();
                if (command.Contains(harness.Engine.Options.Run, StringComparison.Ordinal) || environment.Contains($"LAYERIMAGE_ROOT={harness.Engine.Options.Root}\0", StringComparison.Ordinal)
                    || File.ReadLines($"/proc/{id}/mountinfo").Any(line => line.Split(' ')[4] == "/" && line.Contains(harness.Engine.Options.Root + "/containers", StringComparison.Ordinal)))
                {
                    found.Add((id, name));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while it was looked at.
            }
        }
        return found;
    }

    // By kind first: of the programs there are more than of all others.
    private static (int Id, string Name)? OneOf(List<(int Id, string Name)> processes, Random random)
    {
        (int, string)[][] kinds = [.. processes.GroupBy(process => process.Name).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => kind.ToArray())];
        return kinds.Length == 0 ? null : kinds[random.Next(kinds.Length)] is { } kind ? kind[random.Next(kind.Length)] : null;
    }

    private static void Kill(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
    }
}
