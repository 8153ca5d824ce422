namespace LayerImage.Engine.Containers;

public sealed partial class ContainerService
{
    /// <summary>Waits until a container has ended and returns its exit code; null when nobody knows it (the host was restarted).</summary>
    public async Task<int?> WaitForExitCodeAsync(string id, CancellationToken cancellationToken)
    {
        while (_records.Find(id) is ContainerRecord record)
        {
            if (record.State is ContainerState.Exited or ContainerState.Created)
            {
                return record.ExitCode;
            }
            if (HasEnded(id))
            {
                await SettleAsync(id, cancellationToken).ConfigureAwait(false);
                continue;
            }
            await Task.Delay(5, cancellationToken).ConfigureAwait(false);
        }
        // It has removed itself; its monitor's exit file was kept for us.
        int? code = _host.Value.Runtime.GetState(id).ExitCode;
        File.Delete(_paths.ExitFile(id));
        return code;
    }
}
