using System.Globalization;

namespace LayerImage.Engine.Runtime;

internal sealed partial class CrunRuntime
{
    // Between a program's end and the monitor's report lie milliseconds.
    private static readonly TimeSpan s_report = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<RuntimeState> GetEndAsync(string id, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            RuntimeState state = GetState(id);
            if (state is not { Status: RuntimeStatus.Stopped, ExitCode: null } || Environment.TickCount64 - start > s_report.TotalMilliseconds)
            {
                return state;
            }
            if (!MonitorIsAlive(id))
            {
                return GetState(id); // it may have written before it ended
            }
            await Task.Delay(1, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Ends a create whose engine was killed before it had noted the container's process: the monitor and the runtime go
    /// on by themselves, and would finish the container after everything else was cleaned up.
    /// </summary>
    private static async Task EndCreateAsync(string id, CancellationToken cancellationToken)
    {
        // conmon --cid ID …, and its child: crun … create … ID.
        List<ProcessIdentity> makers = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && CommandLineOf(folder) is { } arguments && arguments.Contains(id) && (arguments.Contains("--cid") || arguments.Contains("create"))
                && ProcessIdentity.Of(pid) is ProcessIdentity process)
            {
                makers.Add(process);
            }
        }
        makers.ForEach(process => process.Signal(SIGKILL));
        await UntilAsync(() => !makers.Exists(process => process.IsAlive), $"The monitor of {id} does not end.", id, cancellationToken).ConfigureAwait(false);
    }

    private static string[]? CommandLineOf(string processFolder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(processFolder, "cmdline")).Split('\0');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
