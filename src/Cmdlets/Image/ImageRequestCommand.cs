using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Base;

/// <summary>What cmdlets have in common that ask a registry for images.</summary>
public abstract class ImageRequestCommand : LayerImageCmdlet
{
    /// <summary>The images: [registry/]repository[:tag][@digest].</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [NameTransformation("Reference")]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Reference { get; set; } = [];

    /// <summary>For which machine: os/architecture[/variant]. This one when it is left out.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>User name and password for the registry.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>How to ask.</summary>
    private protected virtual ReceiveOptions Options() => new()
    {
        Platform = Platform is null ? null : PlatformArgument.Parse(Platform),
        Credential = Credential.ForRegistry(),
    };
}
