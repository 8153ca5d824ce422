using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Maintenance;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Looks whether the store is whole and emits what is wrong; nothing when nothing is.</summary>
[Cmdlet(VerbsDiagnostic.Test, "LayerStore", DefaultParameterSetName = QuickSet)]
[OutputType(typeof(IntegrityIssue))]
public sealed class TestLayerStoreCommand : LayerImageCmdlet
{
    private const string QuickSet = "Quick", FullSet = "Full";

    /// <summary>Compare records with files and files with records: the default.</summary>
    [Parameter(ParameterSetName = QuickSet)]
    public SwitchParameter Quick { get; set; }

    /// <summary>Read every blob and every unpacked layer, too.</summary>
    [Parameter(ParameterSetName = FullSet, Mandatory = true)]
    public SwitchParameter Full { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        await foreach (IntegrityIssue issue in Engine.Store.TestAsync(Full, Observer, cancellationToken))
        {
            WriteObject(issue);
        }
    }
}
