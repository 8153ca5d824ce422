using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Network;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Tells whether anybody would answer at a port of this host; with -Detailed who, and which rule lets it in.</summary>
[Cmdlet(VerbsDiagnostic.Test, "HostPort")]
[OutputType(typeof(bool), typeof(HostPortStatus))]
public sealed class TestHostPortCommand : LayerImageCmdlet
{
    private bool _told;

    /// <summary>Ports (9200) or ranges ('8000-8010'), also those of Get-ContainerPort and Get-HostPortRule.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("HostPorts")]
    [ValidateNotNullOrEmpty]
    public string[] Port { get; set; } = [];

    /// <summary>The transport protocol.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [EnumNameTransformation]
    public PortProtocol Protocol { get; set; }

    /// <summary>Emit listener, container, zone and rule.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Port, text =>
    {
        foreach (HostPortStatus status in Engine.HostPorts.Get(PortRange.Parse(text), Protocol, withRules: Detailed))
        {
            if (!status.Answers && !Environment.IsPrivilegedProcess && !_told)
            {
                _told = true;
                WriteWarning("An ordinary user sees neither root's containers nor the host's rules: what they publish may answer all the same. "
                    + "Ask as root (sudo).");
            }
            WriteObject(Detailed ? status : status.Answers);
        }
        return Task.CompletedTask;
    });
}
