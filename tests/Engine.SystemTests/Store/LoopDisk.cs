using LayerImage.Engine.Processes;
using LayerImage.Engine.SystemTests.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>A file system in a file, mounted in the test's mount namespace; the loop device goes with the mount.</summary>
public sealed class LoopDisk : IAsyncDisposable
{
    private readonly string _file, _place;

    private LoopDisk(string file, string place)
    {
        _file = file;
        _place = place;
    }

    /// <summary>Makes and mounts one, or skips the test with the reason.</summary>
    public static async Task<LoopDisk> MountAsync(string kind, string file, string place)
    {
        ProcessResult made = await ProcessRunner.RunAsync(["/bin/sh", "-ec", $"command -v mkfs.{kind} >&2; truncate -s 320M '{file}'; mkfs.{kind} -q '{file}'; mkdir -p '{place}'; mount -o loop '{file}' '{place}'; chmod 700 '{place}'"], null, ImageHarness.Stop);
        Assert.SkipUnless(made.ExitCode == 0, $"No {kind} on a loop device here: {made.Error.Trim()} {made.Output.Trim()}");
        return new LoopDisk(file, place);
    }

    /// <summary>
    /// Unmounts it and mounts it again, as a boot would. A container that another test begins has a copy of all mounts for a
    /// moment, and with it the file system as it was.
    /// </summary>
    public Task RemountAsync(string how) => ImageHarness.ShellAsync(
        $"umount '{_place}'; i=0; while [ -n \"$(losetup -j '{_file}')\" ] && [ $((i += 1)) -lt 200 ]; do sleep 0.05; done; mount -o loop,{how} '{_file}' '{_place}'");

    public async ValueTask DisposeAsync() => await ImageHarness.ShellAsync($"umount '{_place}'");
}
