using System.Diagnostics;
using System.Globalization;
using LayerImage.Engine.Containers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>The most memory that a process which commits takes: no more for much than for little.</summary>
public sealed class CommitMemoryTests : IAsyncLifetime
{
    // What the garbage collector leaves lying for a while, longer on a busy machine: 64 buffers of a copy are 16 MiB. Each "much" is many times that.
    private const long Slack = 32 << 20;
    private const string Little = "fallocate -l 10M file", Files = "for d in $(seq 20); do mkdir $d; cd $d; for i in $(seq 1000); do echo $d $i >$i; done; cd ..; done";

    private readonly CommitHarness _harness = new(), _inMemory = new(inMemory: true);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        await _inMemory.DisposeAsync();
    }

    // Taken as it lies: all of it is read; no hole is in it.
    [Fact]
    public async Task UpperThatBecomesTheLayer_TakesNoMore()
    {
        long little = await PeakAsync(_harness, "commit", Little);

        AssertFlat(little, await PeakAsync(_harness, "commit", "fallocate -l 512M file"));
        AssertFlat(little, await PeakAsync(_inMemory, "commit", Files));
    }

    [Fact]
    public async Task Copy_TakesNoMore()
    {
        long little = await PeakAsync(_harness, "commit-copy", Little);

        AssertFlat(little, await PeakAsync(_harness, "commit-copy", "fallocate -l 256M file"));
        AssertFlat(little, await PeakAsync(_inMemory, "commit-copy", Files));
    }

    private static void AssertFlat(long little, long much)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"at most {little >> 20} MiB for little, {much >> 20} MiB for much");
        Assert.InRange(much, 0, little + Slack);
    }

    private static async Task<long> PeakAsync(CommitHarness harness, string verb, string change)
    {
        Container container = await harness.CreateAsync();
        await ImageHarness.ShellAsync($"cd '{harness.Images.Layout.Upper(container.Id)}'; {change}");
        using Process child = StoreChild.Start(typeof(CommitMemoryTests).Assembly.Location, harness.Images.Store.Options, null, "peak", verb, container.Id, $"{verb}:{container.Name}");
        string line = await child.StandardOutput.ReadToEndAsync(ImageHarness.Stop), error = await child.StandardError.ReadToEndAsync(ImageHarness.Stop);
        await child.WaitForExitAsync(ImageHarness.Stop);
        Assert.True(child.ExitCode == 0, error);
        // VmHWM:     12345 kB
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
