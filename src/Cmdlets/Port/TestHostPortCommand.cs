using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Network;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Tells whether anybody would answer at a port of this host; with -Detailed who, and which rule lets it in.</summary>
[Cmdlet(VerbsDiagnostic.Test, "HostPort")]
[OutputType(typeof(bool), typeof(HostPortStatus))]
public sealed class TestHostPortCommand : LayerImageCmdlet
{
    /// <summary>The ports.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public int[] Port { get; set; } = [];

    /// <summary>The transport protocol.</summary>
    [Parameter]
    public PortProtocol Protocol { get; set; }

    /// <summary>Emit listener, container, zone and rule.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Port, port =>
    {
        HostPortStatus status = Engine.HostPorts.Get(port, Protocol);
        WriteObject(Detailed ? status : status.Answers);
        return Task.CompletedTask;
    });
}
