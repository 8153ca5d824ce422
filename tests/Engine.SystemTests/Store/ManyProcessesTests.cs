using System.Diagnostics;
using System.Globalization;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>Many processes on one store at once.</summary>
public sealed class ManyProcessesTests
{
    private const int Processes = 8;

    // Ten seconds; $LAYERIMAGE_TEST_SECONDS for longer.
    [Fact]
    public async Task EightProcesses_ReceiveCommitMountRemoveCheckAndClear()
    {
        string? missing = Requires.All(Requires.Tool("crun"), Requires.Tool("conmon"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        await using ImageHarness harness = new();
        string seconds = Environment.GetEnvironmentVariable("LAYERIMAGE_TEST_SECONDS") ?? "10";
        List<string> things = [];
        for (int i = 0; i < 4; i++)
        {
            // Each shares a layer with the next one.
            int seed = i;
            things.Add(new ImageBuilder().WithLayer(layer => layer.Directory("etc/").File("etc/base", new string((char)('a' + (seed / 2)), 200_000)))
                .WithLayer(layer => layer.File("etc/own", $"{seed}")).Build().PushTo(harness.Registry, $"some/image{i}"));
        }
        for (int i = 0; i < 2; i++)
        {
            string folder = harness.Store[$"tree{i}"];
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "file"), $"{i}", ImageHarness.Stop);
            things.Add(folder);
        }

        (int Status, string Output, string Error)[] ends = await Task.WhenAll(Enumerable.Range(0, Processes).Select(async seed =>
        {
            using Process child = StoreChild.Start(typeof(ManyProcessesTests).Assembly.Location, harness.Store.Options, null, ["busy", seed.ToString(CultureInfo.InvariantCulture), seconds, .. things]);
            Task<string> output = child.StandardOutput.ReadToEndAsync(ImageHarness.Stop), error = child.StandardError.ReadToEndAsync(ImageHarness.Stop);
            await child.WaitForExitAsync(ImageHarness.Stop);
            return (child.ExitCode, await output, await error);
        }));

        Assert.All(ends, end => Assert.True(end.Status == 0, end.Error));
        Assert.All(ends, end => Assert.True(int.Parse(end.Output, CultureInfo.InvariantCulture) > 0));
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Layout.Scratch));
        _ = harness.Engine.Store.Clear(harness.Engine.Store.FindGarbage()).Count();
        Assert.Empty(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full));
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Layout.Ingest));
        Assert.Empty(harness.Engine.Mounts.List());
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Layout.Containers));
        harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task LockThatAnotherHolds_IsWaitedForAndItsHolderTold()
    {
        using TempStore store = new();
        string path = store["lock"];
        FileLock held = FileLock.TryAcquire(path)!;
        Listener listener = new();

        Task<FileLock> waiting = FileLock.AcquireAsync(path, "layer abc", listener, ImageHarness.Stop);
        string told = await listener.Told.Task.WaitAsync(TimeSpan.FromSeconds(30), ImageHarness.Stop);
        Assert.False(waiting.IsCompleted);
        held.Dispose();
        (await waiting).Dispose();

        Assert.Equal($"Waiting for layer abc: process {Environment.ProcessId} is at work on it.", told);
    }

    private sealed class Listener : IEngineObserver
    {
        public TaskCompletionSource<string> Told { get; } = new();

        public void Verbose(string message)
        {
        }

        public void Warning(string message) => Told.TrySetResult(message);

        public void Progress(TransferProgress progress)
        {
        }
    }
}
