using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Formatting;
using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Sends images to a registry; what is there already is not sent.</summary>
[Cmdlet(VerbsCommunications.Send, "LayerImage", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(SentImage))]
public sealed class SendLayerImageCommand : ImageSelectionCommand
{
    /// <summary>Names to send it under: [registry/]repository[:tag]. Its own when it is left out.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = [];

    /// <summary>How layers that were made here and never sent or exported are compressed.</summary>
    [Parameter]
    [ValidateSet("Gzip", "Zstd")]
    public LayerCompression Compression { get; set; } = LayerCompression.Gzip;

    /// <summary>User name and password for the registry.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>How many layers are sent at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 3;

    /// <summary>How often a request that failed for a passing reason is made again.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int RetryCount { get; set; } = new SendOptions().RetryCount;

    /// <inheritdoc/>
    protected override async Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        string[] destinations = Destination.Length > 0 ? Destination : Engine.Images.TagsMeant(image, name);
        string size = ByteSize.Format(image.DownloadSize > 0 ? image.DownloadSize : image.Size);
        string what = $"Send image {image.Reference} ({image.Layers.Count} layers, {size} at most)";
        string[] wanted = [.. destinations.Where(destination => ShouldProcess(destination, what))];
        if (wanted.Length == 0 && destinations.Length > 0)
        {
            return;
        }
        string other = Compression == LayerCompression.Gzip ? "zstd" : "gzip";
        if (MyInvocation.BoundParameters.ContainsKey(nameof(Compression))
            && image.Layers.Count(layer => layer.MediaType?.EndsWith(other, StringComparison.Ordinal) == true) is int packed and > 0)
        {
            WriteWarning(
                $"{packed} of the {image.Layers.Count} layers of {image.Reference} are {other} already and go out as they are: "
                + "-Compression is for layers that were made here and were never sent.");
        }
        await foreach (SentImage sent in Engine.Images.SendAsync(image, wanted, Options(), Observer, cancellationToken))
        {
            WriteObject(sent);
        }
    }

    private SendOptions Options() => new()
    {
        Compression = Compression,
        Credential = Credential.ForRegistry(),
        ThrottleLimit = ThrottleLimit,
        RetryCount = RetryCount,
    };
}
