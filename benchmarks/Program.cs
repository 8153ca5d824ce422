using System.Diagnostics;
using System.Formats.Tar;
using LayerImage.Benchmarks;
using LayerImage.Engine.Errors;
using LayerImage.Testing.Host;

// Measures the built module side by side with the engines that are installed, and prints a Markdown table.
//   LayerImage.Benchmarks [--quick] [--only TEXT] [--repository FOLDER]
// --only: rows whose names contain the text.
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
string repository = args.SkipWhile(argument => argument != "--repository").ElementAtOrDefault(1) ?? Environment.CurrentDirectory;
using TempFolder folder = new("bench-");
string rootfs = await BusyboxRootFs.CreateAsync(folder["rootfs"], interrupted.Token);
await TarFile.CreateFromDirectoryAsync(rootfs, folder["rootfs.tar"], includeBaseDirectory: false, interrupted.Token);

Measurements measurements = new();
Machine machine = new();
List<IContender> contenders = [];
try
{
    LayerImageContender ours = new(repository, folder["limg"]);
    await AddAsync(ours, ours.Missing);
    await AddAsync(new PodmanContender(folder["podman"]), PodmanContender.Missing);
    await AddAsync(new DockerContender(folder["docker"]), DockerContender.Missing);
    if (contenders.Count == 0)
    {
        return 1;
    }
    await new Suite(contenders, measurements, Path.Combine(repository, "layerimage"), args.Contains("--quick"), args.SkipWhile(argument => argument != "--only").ElementAtOrDefault(1) ?? "").RunAsync(interrupted.Token);
}
finally
{
    foreach (IContender contender in contenders)
    {
        await contender.DisposeAsync();
    }
    UnmountBeneath(folder.Root);
    RemoveEmptyCgroups();
    Console.WriteLine(Machine.Describe());
    Console.WriteLine(machine.Load());
    Console.WriteLine();
    Console.WriteLine(measurements.ToTable("LayerImage"));
}
return 0;

async Task AddAsync(IContender contender, string? missing)
{
    if (missing is not null)
    {
        Console.WriteLine($"Without {contender.Name}: {missing}.");
        return;
    }
    try
    {
        await contender.PrepareAsync(rootfs, folder["rootfs.tar"], interrupted.Token);
        contenders.Add(contender);
    }
    catch (Exception error) when (error is InvalidOperationException or LayerImageException)
    {
        Console.WriteLine($"Without {contender.Name}: {error.Message}");
        await contender.DisposeAsync();
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
