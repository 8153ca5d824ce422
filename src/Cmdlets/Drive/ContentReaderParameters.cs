using System.Management.Automation;
using System.Text;
using LayerImage.Cmdlets.Transformation;

namespace LayerImage.Cmdlets.Drive;

/// <summary>What Get-Content takes on this drive beside its own parameters.</summary>
public sealed class ContentReaderParameters
{
    /// <summary>Bytes instead of lines of text.</summary>
    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>How bytes are made text where no byte order mark says it; UTF-8 unless given.</summary>
    [Parameter]
    [EncodingTransformation]
    public Encoding Encoding { get; set; } = Encoding.UTF8;

    /// <summary>All of it as one text, or one array of bytes.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }
}
