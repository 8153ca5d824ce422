using System.Diagnostics;
using System.Text.RegularExpressions;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>
/// The system calls by which a change of the store changes files, each of which can fail or be the process's last: strace(1)
/// sees to that in a child. openat is not among them, since the run time opens files of its own by it.
/// </summary>
internal static partial class SystemCalls
{
    private static readonly string[] s_changing =
    [
        "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "link", "linkat", "symlink", "symlinkat", "mknodat",
        "fsync", "fdatasync", "pwrite64", "pwritev", "fallocate", "copy_file_range", "sendfile", "ioctl",
        "fchown", "fchownat", "fchmod", "fchmodat", "utimensat", "setxattr", "lsetxattr", "fsetxattr",
        "mount", "umount2", "fsopen", "fsconfig", "fsmount", "move_mount", "open_tree", "mount_setattr",
    ];

    /// <summary>One call: the so-manieth of its name in its thread.</summary>
    internal sealed record Call(string Name, int Number);

    /// <summary>How a child ended.</summary>
    /// <param name="Status">Its exit code.</param>
    /// <param name="Error">What it wrote on standard error.</param>
    /// <param name="IsReached">Whether it came to the call.</param>
    internal sealed record End(int Status, string Error, bool IsReached);

    /// <summary>What a change calls when nothing is in its way.</summary>
    public static async Task<IReadOnlyList<Call>> OfAsync(TempStore store, string[] words)
    {
        string trace = store["calls"];
        End end = await RunAsync(store, trace, [.. s_changing.Select(name => "?" + name)], [], words);
        Assert.True(end.Status == 0, end.Error);
        Dictionary<(string Thread, string Name), int> counts = [];
        foreach (Match line in (await File.ReadAllLinesAsync(trace, ImageHarness.Stop)).Select(line => Line().Match(line)).Where(line => line.Success))
        {
            (string, string) key = (line.Groups[1].Value, line.Groups[2].Value);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }
        return [.. counts.SelectMany(pair => Enumerable.Range(1, pair.Value).Select(number => new Call(pair.Key.Name, number))).Distinct()];
    }

    /// <summary>Some of them, others for each run's seed; with <c>build.ps1 Test -Long</c> all.</summary>
    public static IReadOnlyList<Call> Some(IReadOnlyList<Call> calls, int count) => TestRun.IsLong ? calls : TestRun.Random.GetItems([.. calls], count);

    /// <summary>Runs a change, of which one call ends as is said: <c>error=EIO</c>, <c>signal=KILL</c>.</summary>
    public static async Task<End> RunAsync(TempStore store, Call call, string fault, string[] words)
    {
        string trace = store["trace"];
        End end = await RunAsync(store, trace, [call.Name], ["-e", $"inject={call.Name}:{fault}:when={call.Number}"], words);
        int reached = (await File.ReadAllLinesAsync(trace, ImageHarness.Stop)).Select(line => Line().Match(line)).Where(line => line.Success).GroupBy(line => line.Groups[1].Value).Select(thread => thread.Count()).DefaultIfEmpty().Max();
        return end with { IsReached = reached >= call.Number };
    }

    private static async Task<End> RunAsync(TempStore store, string trace, string[] names, string[] more, string[] words)
    {
        using Process child = StoreChild.Start(["strace", "-f", "-qqq", "-o", trace, "-e", $"trace={string.Join(',', names)}", .. more], typeof(SystemCalls).Assembly.Location, store.Options, null, words);
        Task<string> output = child.StandardOutput.ReadToEndAsync(ImageHarness.Stop);
        string error = await child.StandardError.ReadToEndAsync(ImageHarness.Stop);
        await output;
        await child.WaitForExitAsync(ImageHarness.Stop);
        return new End(child.ExitCode, error, false);
    }

    // "1234  fsync(5) = 0"; a call that another thread's came between has a second line, which begins with "<... fsync resumed>".
    [GeneratedRegex(@"^(\d+) +([a-z_0-9]+)\(", RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}
