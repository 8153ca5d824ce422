using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Logs out of registries: forgets the log-ins that are kept.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "ImageRegistry", SupportsShouldProcess = true)]
public sealed class DisconnectImageRegistryCommand : LayerImageCmdlet
{
    /// <summary>The registries: host[:port].</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [NameTransformation("Server")]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Server { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Server, async server =>
    {
        if (ShouldProcess(server, "Forget the log-in"))
        {
            await Engine.Registries.DisconnectAsync(server, Observer, cancellationToken);
        }
    });
}
