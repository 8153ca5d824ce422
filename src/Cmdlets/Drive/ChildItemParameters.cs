using System.Management.Automation;
using LayerImage.Engine.Images.Browse;

namespace LayerImage.Cmdlets.Drive;

/// <summary>What Get-ChildItem takes on this drive beside its own parameters: as on the file system's.</summary>
public sealed class ChildItemParameters
{
    /// <summary>Lists folders only.</summary>
    [Parameter]
    [Alias("ad")]
    public SwitchParameter Directory { get; set; }

    /// <summary>What is no folder only.</summary>
    [Parameter]
    [Alias("af")]
    public SwitchParameter File { get; set; }

    internal bool Has(LayerImageItem item) => Directory == File || Directory == item.IsContainer;
}
