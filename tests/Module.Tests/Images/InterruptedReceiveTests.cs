using System.Diagnostics;
using System.Globalization;
using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Module.Tests.Images;

/// <summary>Pulls of several processes: killed ones are gone on with, and what two want is fetched once.</summary>
[Collection("Acceptance")]
public sealed class InterruptedReceiveTests : IAsyncDisposable
{
    private const int ContentSize = 3_000_000;
    private readonly RegistryServer _registry = new();
    private readonly TempStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task EndedPull_GoesOnFromItsByteInTheNextProcess(string signal)
    {
        LayerBlob layer = Noise(1);
        string reference = new ImageBuilder().WithLayer(layer).Build().PushTo(_registry, "some/image");
        _registry.Add(RegistryFault.Slow(64 << 10, TimeSpan.FromMilliseconds(50)).On(layer.Digest).Once());
        using (Process pull = Start($"Receive-LayerImage {reference}"))
        {
            string partial = Path.Combine(_store.Options.Root, "ingest", layer.Digest[7..]);
            await UntilAsync(() => File.Exists(partial) && new FileInfo(partial).Length > 500_000);
            using Process kill = Process.Start("kill", [$"-{signal}", pull.Id.ToString(CultureInfo.InvariantCulture)]);
            await pull.WaitForExitAsync(Stop);
            Assert.True(new FileInfo(partial).Length < layer.Blob.Length, "the pull was quicker than the signal");
        }
        _registry.ClearRequests();

        using Process again = Start($"Receive-LayerImage {reference}");
        await again.WaitForExitAsync(Stop);

        Assert.Equal(0, again.ExitCode);
        string? range = Assert.Single(_registry.Requests, request => request.Path.EndsWith(layer.Digest, StringComparison.Ordinal)).Header("Range");
        Assert.True(long.Parse(range!["bytes=".Length..^1], CultureInfo.InvariantCulture) >= 500_000, range);
    }

    [Fact]
    public async Task CommonLayers_AreFetchedOnceByTwoProcesses()
    {
        LayerBlob shared = Noise(2);
        string one = new ImageBuilder().WithLayer(shared).WithLayer(layer => layer.File("one")).Build().PushTo(_registry, "one");
        string two = new ImageBuilder().WithLayer(shared).WithLayer(layer => layer.File("two")).Build().PushTo(_registry, "two");
        // Slow enough for the second process to come while the first is at it.
        _registry.Add(RegistryFault.Slow(64 << 10, TimeSpan.FromMilliseconds(60)).On(shared.Digest));

        using Process first = Start($"Receive-LayerImage {one}"), second = Start($"Receive-LayerImage {two}");
        await Task.WhenAll(first.WaitForExitAsync(Stop), second.WaitForExitAsync(Stop));

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Single(_registry.Requests, request => request.Path.EndsWith(shared.Digest, StringComparison.Ordinal));
    }

    [Fact]
    public void Progress_IsOneActivityAndAtMostFiveTimesASecond()
    {
        LayerBlob[] layers = [Noise(3), Noise(4)];
        string reference = new ImageBuilder().WithLayer(layers[0]).WithLayer(layers[1]).Build().PushTo(_registry, "some/image");
        _registry.Add(RegistryFault.Slow(64 << 10, TimeSpan.FromMilliseconds(20)).On("blobs"));
        using EnvironmentScope scope = new(_store.Environment);
        using ModuleHost host = new();
        Stopwatch watch = Stopwatch.StartNew();

        ModuleResult result = host.Invoke($"Receive-LayerImage {reference}");

        double seconds = watch.Elapsed.TotalSeconds;
        Assert.Null(result.TerminatingError);
        System.Management.Automation.ProgressRecord[] shown = [.. result.Progress.Where(record => record.RecordType == System.Management.Automation.ProgressRecordType.Processing)];
        Assert.Equal(2, shown.Select(record => record.ActivityId).Where(id => shown.Any(record => record.ParentActivityId >= 0 && record.ActivityId == id)).Distinct().Count());
        int whole = Assert.Single(shown.Where(record => record.ParentActivityId < 0).Select(record => record.ActivityId).Distinct());
        int updates = shown.Count(record => record.ActivityId == whole);
        Assert.InRange(updates, 2, 1 + (int)Math.Ceiling(seconds * 5));
    }

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _store.Dispose();
    }

    private Process Start(string script)
    {
        IReadOnlyList<string> command = AcceptanceHost.Instance.CommandLine(script);
        ProcessStartInfo start = new(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach ((string name, string value) in _store.Environment)
        {
            start.Environment[name] = value;
        }
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static LayerBlob Noise(int seed)
    {
        byte[] bytes = new byte[ContentSize];
        new Random(seed).NextBytes(bytes);
        return LayerBlob.From(new LayerBuilder().File("noise", bytes).ToTar(), LayerCompression.Gzip);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (int i = 0; i < 600 && !condition(); i++)
        {
            await Task.Delay(20, Stop);
        }
        Assert.True(condition());
    }
}
