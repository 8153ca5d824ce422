using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

public sealed partial class ContainerService
{
    /// <summary>Waits until a container has ended and returns its exit code; null when nobody knows it (the host was restarted).</summary>
    public async Task<int?> WaitForExitCodeAsync(string id, CancellationToken cancellationToken)
    {
        ContainerRecord? last = null;
        while (_records.Find(id) is ContainerRecord record)
        {
            last = record;
            if (record.State is ContainerState.Exited or ContainerState.Created)
            {
                return record.ExitCode;
            }
            if (HasEnded(record) && await SettleAsync(id, cancellationToken).ConfigureAwait(false) is Container { State: ContainerState.Exited or ContainerState.Created } ended)
            {
                return ended.ExitCode;
            }
            await Task.Delay(5, cancellationToken).ConfigureAwait(false);
        }
        // It has removed itself; its monitor's exit file was kept for us.
        RuntimePaths paths = last is null ? new RuntimePaths(_layout.Run) : _hosts.PathsOf(last);
        int? code = paths.ReadExit(id).Code;
        File.Delete(paths.ExitFile(id));
        return code;
    }
}
