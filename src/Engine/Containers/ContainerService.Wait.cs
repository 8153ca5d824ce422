using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

public sealed partial class ContainerService
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until a container's program runs: also for somebody to start it, and for one that has ended to be started again.</summary>
    public Task<Container> WaitForRunningAsync(string nameOrId, TimeSpan? timeout, CancellationToken cancellationToken) =>
        WaitUntilAsync(nameOrId, "runs", timeout, mustRun: false, container => Task.FromResult(container.State == ContainerState.Running), cancellationToken);

    /// <summary>Waits until something in the container accepts TCP connections on a port.</summary>
    /// <param name="nameOrId">The container.</param>
    /// <param name="port">The container's port; null for its first published or exposed TCP port.</param>
    /// <param name="timeout">How long; null for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<Container> WaitForPortAsync(string nameOrId, int? port, TimeSpan? timeout, CancellationToken cancellationToken) =>
        WaitUntilAsync(nameOrId, "accepts connections", timeout, mustRun: true, container => ConnectsAsync(container, port ?? FirstPort(container), cancellationToken), cancellationToken);

    /// <summary>Waits until a line of a container's output matches. Lines written before count, whatever their time says: a clock may step back.</summary>
    public async Task<Container> WaitForLogAsync(string nameOrId, Regex pattern, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
        string condition = $"writes '{pattern}'";
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        try
        {
            // The log of one that is being started is not there at first.
            while (true)
            {
                await foreach (LogRecord line in ReadLogAsync(container.Id, null, null, null, null, follow: true, patience.Token).ConfigureAwait(false))
                {
                    if (pattern.IsMatch(line.Message))
                    {
                        return await GetAsync(container.Id, cancellationToken).ConfigureAwait(false);
                    }
                }
                container = await GetAsync(container.Id, cancellationToken).ConfigureAwait(false);
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

    private async Task<Container> WaitUntilAsync(string nameOrId, string condition, TimeSpan? timeout, bool mustRun, Func<Container, Task<bool>> isMet, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
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

    private static Errors.LayerImageException NeverWill(Container container, string condition) =>
        new(Errors.EngineError.ContainerNotRunning, $"The container {container.Name} is not running, so it never {condition}.")
        { Target = container.Name, Advice = $"Look at its output: Get-ContainerLog {container.Name}" };

    private static int FirstPort(Container container)
    {
        PortMapping? published = container.Ports.FirstOrDefault(port => port.Protocol == PortProtocol.Tcp);
        PortMapping? exposed = container.Spec.ExposedPorts.Select(PortMapping.Parse).FirstOrDefault(port => port.Protocol == PortProtocol.Tcp);
        return (published ?? exposed)?.ContainerPort ?? throw new Errors.LayerImageException(Errors.EngineError.PortInvalid, $"The container {container.Name} publishes and exposes no TCP port.")
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
