using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// Compares the files of two images, or of containers: what the second one has that is different from the first. Each is
/// given by a name or id (an image's before a container's) or as an object.
/// </summary>
[Cmdlet(VerbsData.Compare, "LayerImage")]
[OutputType(typeof(LayerChange))]
public sealed class CompareLayerImageCommand : LayerImageCmdlet
{
    /// <summary>The image or container that is compared with.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [ValidateNotNullOrEmpty]
    public PSObject ReferenceImage { get; set; } = null!;

    /// <summary>The image or container whose differences are told.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [ValidateNotNullOrEmpty]
    public PSObject DifferenceImage { get; set; } = null!;

    /// <summary>Only these paths and what is beneath them, or paths that match a wildcard.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    /// <summary>Read files to compare them, and tell the hashes. Without it equal size and time count as equal content.</summary>
    [Parameter]
    public SwitchParameter Content { get; set; }

    /// <summary>Tell paths that are alike, too.</summary>
    [Parameter]
    public SwitchParameter IncludeEqual { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        ChangeFilter filter = new(Path);
        LayerCompareOptions options = new()
        {
            Content = Content ? ContentComparison.Always : ContentComparison.Never,
            IncludeEqual = IncludeEqual,
            Beneath = filter.Beneath,
        };
        LayerStack reference = await TreeAsync(ReferenceImage, cancellationToken), difference = await TreeAsync(DifferenceImage, cancellationToken);
        foreach (LayerChange change in reference.CompareTo(difference, options, cancellationToken))
        {
            if (filter.Matches(change))
            {
                WriteObject(change);
            }
        }
    }

    private async Task<LayerStack> TreeAsync(PSObject given, CancellationToken cancellationToken)
    {
        switch (given.BaseObject)
        {
            case Image image:
                return await Engine.Images.GetTreeAsync(image, Observer, cancellationToken);
            case Container container:
                return await Engine.Containers.Changes.GetTreeAsync(container.Id, cancellationToken);
        }
        string text = given.BaseObject.ToString() ?? "";
        Image found;
        try
        {
            found = Engine.Images.Get(text);
        }
        catch (LayerImageException e) when (e.Error is EngineError.ImageNotFound or EngineError.ReferenceInvalid)
        {
            try
            {
                return await Engine.Containers.Changes.GetTreeAsync(text, cancellationToken);
            }
            catch (LayerImageException none) when (none.Error == EngineError.ContainerNotFound)
            {
                throw new LayerImageException(e.Error, $"There is no image or container '{text}' in this store.", e)
                {
                    Target = text,
                    Advice = "Get-LayerImage and Get-Container list what there is.",
                };
            }
        }
        return await Engine.Images.GetTreeAsync(found, Observer, cancellationToken);
    }
}
