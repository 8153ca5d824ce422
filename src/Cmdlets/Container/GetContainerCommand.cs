using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Images;
using LayerImage.Engine.Oci;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists containers in all states, the newest first.</summary>
[Cmdlet(VerbsCommon.Get, "Container", DefaultParameterSetName = NameSet)]
[Alias("Get-LayerContainer")]
[OutputType(typeof(Container))]
public sealed class GetContainerCommand : ContainerSelectionCommand
{
    /// <summary>Names (wildcards), ids or their beginnings.</summary>
    [Parameter(Position = 0, ParameterSetName = NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [NameTransformation("ContainerName", "Name")]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Ids or their beginnings.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[]? Id { get; set; }

    /// <summary>Only in these states; Stopped is another word for Exited.</summary>
    [Parameter]
    [OtherWordTransformation("Stopped", nameof(ContainerState.Exited))]
    [ValidateNotNullOrEmpty]
    public ContainerState[]? State { get; set; }

    /// <summary>Only of these images: under any of their names (wildcards), or by id or its beginning.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Image { get; set; }

    /// <summary>Only of this image, from the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ImageObject", ValueFromPipeline = true)]
    public Image? ImageObject { get; set; }

    /// <summary>Only with this label: 'key', 'key=value' or a hashtable.</summary>
    [Parameter]
    [NameValueTransformation]
    [ValidateNotNullOrEmpty]
    public string[]? Label { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        string[]? wanted = Id ?? Name;
        IEnumerable<Container> containers = wanted is { Length: > 0 }
            ? await SelectAsync(wanted, null, cancellationToken, Id is null ? nameof(Name) : nameof(Id))
            : await Engine.Containers.ListAsync(cancellationToken);
        if (!System.Environment.IsPrivilegedProcess && wanted is not { Length: > 0 } && !containers.Any())
        {
            WriteWarning("Containers need root, and root's are seen by root only: start PowerShell as root (sudo).");
        }
        HashSet<string> images = [.. Image is null ? [] : Engine.Images.List().Where(image => image.Tags.Any(IsWanted)).Select(image => image.Id)];
        foreach (Container container in containers.Where(container => Fits(container, images)))
        {
            if (container.IsUnreleased)
            {
                WriteWarning($"{container.Name}: {container.Error}");
            }
            WriteObject(container);
        }
    }

    private bool IsWanted(string tag) => Image!.Any(image => ImageMatcher.Matches(new WildcardPattern(image, WildcardOptions.IgnoreCase), tag));

    // The image may have lost its name since, or be gone.
    private bool IsOf(Container container, HashSet<string> images) => images.Contains(container.ImageId) || IsWanted(container.Image)
        || Image!.Any(text => IdPrefix.OfImage(text) is string id && container.ImageId.StartsWith(id, StringComparison.Ordinal));

    private bool Fits(Container container, HashSet<string> images) =>
        (State is null || State.Contains(container.State))
        && (Image is null || IsOf(container, images))
        && (ImageObject is null || container.ImageId == ImageObject.Id)
        && (Label is null || Label.All(label => HasLabel(container, label)));

    private static bool HasLabel(Container container, string label)
    {
        string[] parts = label.Split('=', 2);
        return container.Labels.TryGetValue(parts[0], out string? value) && (parts.Length == 1 || parts[1] == value);
    }
}
