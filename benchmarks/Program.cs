using System.Diagnostics;
using System.Formats.Tar;
using LayerImage.Benchmarks;
using LayerImage.Testing.Host;

// Measures the built module side by side with the engines that are installed, and prints a Markdown table.
//   LayerImage.Benchmarks [--quick] [--only TEXT]… [--repository FOLDER]
// --only: rows whose names contain the text; several are several times given.
// The exit code is 1 when something failed: the table and the lines beneath it say what; 130 after Ctrl-C.
const string inside = "--inside";

if (!Environment.IsPrivilegedProcess)
{
    Console.Error.WriteLine("Benchmarks start containers and need root.");
    return 1;
}
if (!args.Contains(inside))
{
    // Everything happens in namespaces of their own: no rule, link or mount is left on this machine.
    string program = Path.ChangeExtension(typeof(Suite).Assembly.Location, ".dll");
    using Process again = Process.Start("unshare", ["--net", "--mount", Environment.ProcessPath!, .. IsDotnet() ? [program] : Array.Empty<string>(), .. args, inside]);
    await again.WaitForExitAsync();
    return again.ExitCode;
}

using CancellationTokenSource interrupted = new();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupted.Cancel();
};
using (Process loopback = Process.Start("ip", ["link", "set", "lo", "up"]))
{
    await loopback.WaitForExitAsync();
}
BenchmarkOptions options = BenchmarkOptions.Parse(args);
using TempFolder folder = new("bench-");
string rootfs = await BusyboxRootFs.CreateAsync(folder["rootfs"], interrupted.Token), tar = folder["rootfs.tar"];
await TarFile.CreateFromDirectoryAsync(rootfs, tar, includeBaseDirectory: false, interrupted.Token);

Measurements measurements = new();
Machine machine = new();
List<IContender> contenders = [];
try
{
    LayerImageContender ours = new(options.Repository, folder["limg"], rootfs);
    await AddAsync(ours, ours.Missing);
    if (contenders.Contains(ours))
    {
        await AddAsync(new PodmanContender(folder["podman"], tar), PodmanContender.Missing);
        await AddAsync(new DockerContender(folder["docker"], tar), DockerContender.Missing);
        await new Suite(contenders, measurements, options).RunAsync(interrupted.Token);
    }
}
catch (Exception) when (interrupted.IsCancellationRequested)
{
    // Whatever the work makes of its end.
    measurements.Note("Interrupted.");
}
finally
{
    foreach (IContender contender in contenders)
    {
        await EndAsync(contender);
    }
    UnmountBeneath(folder.Root);
    RemoveEmptyCgroups();
    Console.WriteLine(Machine.Describe());
    Console.WriteLine(machine.Load());
    Console.WriteLine();
    Console.WriteLine(measurements.ToTable("LayerImage"));
}
return interrupted.IsCancellationRequested ? 130 : measurements.HasFailures || contenders.Count == 0 ? 1 : 0;

async Task AddAsync(IContender contender, string? missing)
{
    if (missing is not null)
    {
        measurements.Note($"Without {contender.Name}: {missing}.");
        return;
    }
    contenders.Add(contender);
    try
    {
        await contender.PrepareAsync(interrupted.Token);
    }
    catch (Exception error) when (!interrupted.IsCancellationRequested)
    {
        measurements.Fail([], $"Without {contender.Name}: its preparation", error);
        contenders.Remove(contender);
        await EndAsync(contender);
    }
}

// One that cannot clean up keeps neither the others nor the table from their end.
async Task EndAsync(IContender contender)
{
    try
    {
        await contender.DisposeAsync();
    }
    catch (Exception error)
    {
        measurements.Fail([], $"{contender.Name}'s end", error);
    }
}

// podman and docker keep mounts of their stores until the next boot.
static void UnmountBeneath(string root)
{
    foreach (string point in TempFolder.MountsBeneath(root).Reverse())
    {
        using Process umount = Process.Start("umount", ["--lazy", point]);
        umount.WaitForExit();
    }
}

// The same for the parents of their control groups. Those still in use refuse to go.
static void RemoveEmptyCgroups()
{
    string[] parents = [.. Directory.EnumerateDirectories("/sys/fs/cgroup", "*", SearchOption.TopDirectoryOnly).Append("/sys/fs/cgroup")
        .SelectMany(root => new[] { Path.Combine(root, "docker"), Path.Combine(root, "libpod_parent") }).Where(Directory.Exists)];
    if (parents.Length > 0)
    {
        using Process find = Process.Start(new ProcessStartInfo("find", [.. parents, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]) { RedirectStandardError = true })!;
        find.StandardError.ReadToEnd();
        find.WaitForExit();
    }
}

static bool IsDotnet() => Path.GetFileName(Environment.ProcessPath) == "dotnet";
