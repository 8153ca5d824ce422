using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>
/// Any of the system calls of a change fails, or is the last before the process or the power ends: there is an error of the
/// engine's own, the store has the old state or the new one, and what is done again succeeds. Some calls in each run; all of
/// them with <c>build.ps1 Test -Long</c>.
/// </summary>
public sealed class FailedSystemCallTests
{
    private const int Killed = 128 + 9;

    // errno(3): what a bad disk, a full one, a kernel without memory, a security module, a signal and a remount say.
    private static readonly string[] s_errors = ["EIO", "ENOSPC", "ENOMEM", "EACCES", "EINTR", "EROFS"];

    public static TheoryData<string> Changes => ["receive", "receive-blobs", "import", "tag", "remove", "commit", "commit-copy", "clear", "mount", "dismount", "repair"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task CallThatFails_IsToldAndUndone(string verb)
    {
        Assert.SkipWhen(Requires.Tool("strace") is not null, Requires.Tool("strace") ?? "");
        foreach (SystemCalls.Call call in await SomeAsync(verb, 2))
        {
            foreach (string error in TestRun.IsLong ? s_errors : [s_errors[(call.Number + TestRun.Seed) % s_errors.Length]])
            {
                await using ImageHarness harness = new();
                string[] words = await KilledProcessTests.PrepareAsync(harness, verb);
                string before = KilledProcessTests.State(harness);

                SystemCalls.End end = await SystemCalls.RunAsync(harness.Store, call, $"error={error}", words);

                string what = $"{verb}, {call.Name} {call.Number}: {error} ({end.Status}: {end.Error})";
                Assert.True(end.Status == 0 || (end.Status == 1 && char.IsAsciiLetterUpper(end.Error[0])), what);
                await KilledProcessTests.AssertOldOrNewAsync(harness, verb, words, before, what);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task KilledAtAnyCall_LeavesTheOldStateOrTheNewOne(string verb)
    {
        Assert.SkipWhen(Requires.Tool("strace") is not null, Requires.Tool("strace") ?? "");
        foreach (SystemCalls.Call call in await SomeAsync(verb, 1))
        {
            await using ImageHarness harness = new();
            string[] words = await KilledProcessTests.PrepareAsync(harness, verb);
            string before = KilledProcessTests.State(harness);

            SystemCalls.End end = await SystemCalls.RunAsync(harness.Store, call, "signal=KILL", words);

            string what = $"{verb}, {call.Name} {call.Number}: killed ({end.Status}: {end.Error})";
            Assert.True(end.Status == (end.IsReached ? Killed : 0), what);
            await KilledProcessTests.AssertOldOrNewAsync(harness, verb, words, before, what);
        }
    }

    // What was not synced is gone; what was done before stays.
    [Fact]
    public async Task PowerCutAtAnyCall_LosesNothingThatWasDone()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("strace"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        using TempStore store = new();
        await using RegistryServer registry = new();
        await using LoopDisk disk = await LoopDisk.MountAsync("ext4", store["disk"], store.Options.Root);
        string first = StoreOnBadDiskTests.Build(1).PushTo(registry, "some/first"), second = StoreOnBadDiskTests.Build(2).PushTo(registry, "some/second");
        await StoreChild.RunAsync(store.Options, "receive", first);
        string[] words = ["receive", second];
        IReadOnlyList<SystemCalls.Call> calls = await SystemCalls.OfAsync(store, words);
        await StoreChild.RunAsync(store.Options, "remove", second);

        foreach (SystemCalls.Call call in SystemCalls.Some(calls, 6))
        {
            SystemCalls.End end = await SystemCalls.RunAsync(store, call, "signal=KILL", words);
            await StoreOnBadDiskTests.CutPowerAsync(store, disk);

            string what = $"{call.Name} {call.Number}: power cut ({end.Status}: {end.Error})";
            LayerImageEngine engine = new(store.Options);
            Assert.Contains(engine.Images.List(), image => image.Tags.Contains(first));
            Assert.True(end.Status == Killed || engine.Images.List().Count == 2, what);
            await StoreOnBadDiskTests.AssertOnlyLeftoversAsync(engine, what);
            await StoreChild.RunAsync(store.Options, words);
            await StoreChild.RunAsync(store.Options, "remove", second);
            Assert.True(engine.Images.List().Count == 1, what);
        }
    }

    private static async Task<IReadOnlyList<SystemCalls.Call>> SomeAsync(string verb, int count)
    {
        await using ImageHarness harness = new();
        string[] words = await KilledProcessTests.PrepareAsync(harness, verb);
        IReadOnlyList<SystemCalls.Call> calls = await SystemCalls.OfAsync(harness.Store, words);
        await KilledProcessTests.DismountAllAsync(harness);
        Assert.NotEmpty(calls);
        return SystemCalls.Some(calls, count);
    }
}
