using System.Management.Automation;
using LayerImage.Engine;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets;

/// <summary>Something to import until there are cmdlets. The enum parameter is the one that the Loader exists for.</summary>
[Cmdlet(VerbsDiagnostic.Test, "LayerPlaceholder")]
[OutputType(typeof(EngineOptions))]
public sealed class TestLayerPlaceholderCommand : PSCmdlet
{
    /// <summary>An engine enum.</summary>
    [Parameter(Position = 0)]
    public EngineError Error { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        WriteVerbose(Error.ToString());
        WriteObject(EngineOptions.FromEnvironment());
    }
}
