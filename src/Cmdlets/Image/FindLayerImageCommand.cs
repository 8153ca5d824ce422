using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Images;
using LayerImage.Engine.Registry;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the tags that a registry has of a repository. They pipe into Receive-LayerImage.</summary>
[Cmdlet(VerbsCommon.Find, "LayerImage")]
[OutputType(typeof(RegistryTag))]
public sealed class FindLayerImageCommand : LayerImageCmdlet
{
    /// <summary>The repository: [registry/]repository, with a tag (wildcards) to find only those: 'tomcat:9*'.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [NameTransformation("Repository")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Repository { get; set; } = [];

    /// <summary>The registry, when it does not stand in the repository: 'localhost:5000'.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Registry { get; set; }

    /// <summary>User name and password for the registry.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Repository, async text =>
    {
        int colon = text.LastIndexOf(':');
        bool hasTag = colon > text.LastIndexOf('/') && colon > 0;
        string repository = (Registry is null ? "" : Registry.TrimEnd('/') + "/") + (hasTag ? text[..colon] : text);
        WildcardPattern? pattern = hasTag ? new WildcardPattern(text[(colon + 1)..], WildcardOptions.None) : null;
        RegistryCredential? credential = Credential.ForRegistry();
        await foreach (RegistryTag tag in Engine.Images.ListTagsAsync(repository, credential, cancellationToken))
        {
            if (pattern?.IsMatch(tag.Tag) != false)
            {
                WriteObject(tag);
            }
        }
    });
}
