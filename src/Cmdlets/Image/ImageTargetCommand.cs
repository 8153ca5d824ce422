using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// The base of cmdlets that take images and one thing more at position 1: <c>Add-ImageTag tomcat my:1</c>. With a piped
/// image the first loose word is that thing: <c>Get-LayerImage tomcat | Add-ImageTag my:1</c>. PowerShell binds loose
/// words before it looks at the pipeline, so -Reference takes the word in both sets, and the set says what it was. Their
/// default set is Reference: with the other one, two loose words would ask for -InputObject.
/// </summary>
public abstract class ImageTargetCommand : ImageSelectionCommand
{
    /// <summary>References (wildcards), ids or their beginnings; with piped images what stands in the place of the next parameter.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ReferenceSet)]
    [Parameter(Position = 0, ParameterSetName = InputObjectSet)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public override string[] Reference { get; set; } = [];

    /// <summary>The values of the parameter at position 1, or the loose words beside piped images.</summary>
    /// <param name="named">The parameter's own values.</param>
    /// <param name="parameter">Its name.</param>
    protected string[] Target(string[] named, string parameter)
    {
        if (ParameterSetName != InputObjectSet)
        {
            return named;
        }
        return (named.Length > 0) == (Reference.Length > 0)
            ? throw new LayerImageException(EngineError.ParameterInvalid, $"With a piped image -{parameter} is needed, and no -Reference.")
            {
                Target = parameter,
                Advice = $"Give the one value for -{parameter}.",
            }
            : named.Length > 0 ? named : Reference;
    }
}
