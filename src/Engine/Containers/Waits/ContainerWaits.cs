using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>Waits for containers: until they run, answer, write something, have ended.</summary>
public sealed class ContainerWaits
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    private readonly StoreLayout _layout;
    private readonly ContainerRecords _records;
    private readonly ContainerHosts _hosts;
    private readonly ContainerReconciler _reconciler;
    private readonly ContainerLooks _looks;
    private readonly ContainerLogs _logs;

    internal ContainerWaits(
        StoreLayout layout, ContainerRecords records, ContainerHosts hosts, ContainerReconciler reconciler, ContainerLooks looks, ContainerLogs logs)
    {
        _layout = layout;
        _records = records;
        _hosts = hosts;
        _reconciler = reconciler;
        _looks = looks;
        _logs = logs;
    }

    /// <summary>Waits until a container's program runs: also for somebody to start it, and for one that has ended to be started again.</summary>
    public Task<Container> ForRunningAsync(string nameOrId, TimeSpan? timeout, CancellationToken cancellationToken) =>
        UntilAsync(nameOrId, "runs", timeout, mustRun: false, container => Task.FromResult(container.State == ContainerState.Running), cancellationToken);

    /// <summary>Waits until something in the container accepts TCP connections on a port.</summary>
    /// <param name="nameOrId">The container.</param>
    /// <param name="port">The container's port; null for its first published or exposed TCP port.</param>
    /// <param name="timeout">How long; null for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Container> ForPortAsync(string nameOrId, int? port, TimeSpan? timeout, CancellationToken cancellationToken) =>
        UntilAsync(
            nameOrId, "accepts connections", timeout, mustRun: true, container => ConnectsAsync(container, port ?? FirstPort(container), cancellationToken), cancellationToken);

    /// <summary>Waits until a line of a container's output matches. Lines written before count, whatever their time says: a clock may step back.</summary>
    public async Task<Container> ForLogAsync(string nameOrId, Regex pattern, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
        string condition = $"writes '{pattern}'";
        Container container = await _looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        try
        {
            // The log of one that is being started is not there at first.
            while (true)
            {
                await foreach (LogRecord line in _logs.ReadAsync(container.Id, null, null, null, null, follow: true, patience.Token).ConfigureAwait(false))
                {
                    if (pattern.IsMatch(line.Message))
                    {
                        return await _looks.GetAsync(container.Id, cancellationToken).ConfigureAwait(false);
                    }
                }
                container = await _looks.GetAsync(container.Id, cancellationToken).ConfigureAwait(false);
                if (container.State is ContainerState.Exited or ContainerState.Created)
                {
                    throw NeverWill(container, condition);
                }
                await Task.Delay(s_poll, patience.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TimedOut(container, condition, timeout!.Value);
        }
    }

    /// <summary>Waits until a container has ended; null when it removed itself then.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.WaitTimedOut"/>.</exception>
    public async Task<Container?> ForStopAsync(string nameOrId, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is not (ContainerState.Running or ContainerState.Paused or ContainerState.Starting))
        {
            return container;
        }
        if (_records.Find(container.Id) is ContainerRecord record
            && !await _hosts.WaitForEndAsync(record, timeout ?? Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false))
        {
            throw TimedOut(container, "has ended", timeout!.Value);
        }
        return await _reconciler.ReconcileEndAsync(container.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until a container has ended and returns its exit code; null when nobody knows it (the host was restarted).</summary>
    public async Task<int?> ForExitCodeAsync(string id, CancellationToken cancellationToken)
    {
        ContainerRecord? last = null;
        while (_records.Find(id) is ContainerRecord record)
        {
            last = record;
            if (record.IsAtRest)
            {
                return record.ExitCode;
            }
            if (_hosts.HasEnded(record)
                && await _reconciler.ReconcileEndAsync(id, cancellationToken).ConfigureAwait(false) is Container { State: ContainerState.Exited or ContainerState.Created } ended)
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

    private async Task<Container> UntilAsync(
        string nameOrId, string condition, TimeSpan? timeout, bool mustRun, Func<Container, Task<bool>> isMet, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            Container container = await _looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
            if (await isMet(container).ConfigureAwait(false))
            {
                return container;
            }
            if (mustRun && container.State is ContainerState.Exited or ContainerState.Created)
            {
                throw NeverWill(container, condition);
            }
            if (timeout is TimeSpan limit && Environment.TickCount64 - start > limit.TotalMilliseconds)
            {
                throw TimedOut(container, condition, limit);
            }
            await Task.Delay(s_poll, cancellationToken).ConfigureAwait(false);
        }
    }

    private static LayerImageException NeverWill(Container container, string condition) =>
        new(EngineError.ContainerNotRunning, $"The container {container.Name} is not running, so it never {condition}.")
        { Target = container.Name, Advice = $"Look at its output: Get-ContainerLog {container.Name}" };

    private static LayerImageException TimedOut(Container container, string condition, TimeSpan timeout) =>
        new(EngineError.WaitTimedOut, $"The container {container.Name} was to be waited for until it {condition}; after {timeout.TotalSeconds:0.###} s it had not.")
        { Target = container.Name, Advice = $"Look at its output: Get-ContainerLog {container.Name}" };

    private static int FirstPort(Container container)
    {
        PortMapping? published = container.Ports.FirstOrDefault(port => port.Protocol == PortProtocol.Tcp);
        PortMapping? exposed = container.Spec.ExposedPorts.Select(PortMapping.Parse).FirstOrDefault(port => port.Protocol == PortProtocol.Tcp);
        return (published ?? exposed)?.ContainerPort ?? throw new LayerImageException(EngineError.PortInvalid, $"The container {container.Name} publishes and exposes no TCP port.")
        { Target = container.Name, Advice = "Say which one with -Port." };
    }

    private static async Task<bool> ConnectsAsync(Container container, int port, CancellationToken cancellationToken)
    {
        if (container.State != ContainerState.Running)
        {
            return false;
        }
        IPAddress address = container.IPAddress is null ? IPAddress.Loopback : IPAddress.Parse(container.IPAddress);
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(1));
        try
        {
            await socket.ConnectAsync(address, port, patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
