using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Formatting;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Receives images from a registry, layer by layer.</summary>
[Cmdlet(VerbsCommunications.Receive, "LayerImage", SupportsShouldProcess = true)]
[OutputType(typeof(Image))]
public sealed class ReceiveLayerImageCommand : ImageRequestCommand
{
    /// <summary>When the registry is asked: always, when the image is not here, or never.</summary>
    [Parameter]
    public PullPolicy PullPolicy { get; set; } = PullPolicy.Always;

    /// <summary>How many layers are received at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 3;

    /// <summary>Receive every tag of the repository. A tag that fails is an error, and the others follow.</summary>
    [Parameter]
    public SwitchParameter AllTags { get; set; }

    /// <summary>Allow a layer to unpack to any size. Without it, one that unpacks to more than 1 GiB and 200 times its own size is refused.</summary>
    [Parameter]
    public SwitchParameter NoSizeLimit { get; set; }

    /// <summary>How often a request that failed for a passing reason (429, 5xx, a broken connection) is made again.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int RetryCount { get; set; } = 5;

    /// <summary>Accepted for symmetry: the image is always emitted.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Reference, reference =>
        AllTags ? ReceiveAllAsync(reference, cancellationToken) : ReceiveAsync(reference, cancellationToken));

    private async Task ReceiveAllAsync(string repository, CancellationToken cancellationToken)
    {
        await foreach (RegistryTag tag in Engine.Images.ListTagsAsync(repository, Options().Credential, cancellationToken))
        {
            await ForEachAsync([tag.Reference], reference => ReceiveAsync(reference, cancellationToken));
        }
    }

    private async Task ReceiveAsync(string reference, CancellationToken cancellationToken)
    {
        if (IsWhatIf)
        {
            // The plan is what would be done; it asks the registry for the image's documents and changes nothing.
            ShouldProcess(PlanText.Describe(await Engine.Images.PlanAsync(reference, Options(), cancellationToken)), "", "");
        }
        else if (ShouldProcess(reference, "Receive image"))
        {
            WriteObject(await Engine.Images.ReceiveAsync(reference, Options(), Observer, cancellationToken));
        }
    }

    private protected override ReceiveOptions Options() => base.Options() with
    {
        Policy = PullPolicy,
        ThrottleLimit = ThrottleLimit,
        Limits = NoSizeLimit ? UnpackLimits.None : new UnpackLimits(),
        RetryCount = RetryCount,
    };
}
