using System.Management.Automation;

namespace LayerImage.Cmdlets.Drive;

/// <summary>What Get-Content takes on this drive beside its own parameters.</summary>
public sealed class ContentReaderParameters
{
    /// <summary>Bytes instead of lines of text.</summary>
    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>All of it as one text, or one array of bytes.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }
}
