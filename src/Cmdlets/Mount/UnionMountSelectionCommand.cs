using System.Management.Automation;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;

namespace LayerImage.Cmdlets.Base;

/// <summary>The base of cmdlets that work on mounts: by path, by the image's reference, or piped.</summary>
public abstract class UnionMountSelectionCommand : LayerImageCmdlet
{
    /// <summary>The set of parameters with -Path.</summary>
    protected const string PathSet = "Path";

    /// <summary>The set of parameters with -Reference.</summary>
    protected const string ReferenceSet = "Reference";

    /// <summary>The set of parameters with -InputObject.</summary>
    protected const string InputObjectSet = "InputObject";

    /// <summary>The mounts that texts mean; a literal one that means none is an error, a wildcard is not.</summary>
    protected IEnumerable<UnionMount> Select(string[] texts, Func<UnionMount, string, bool> fits, Action<string> notFound)
    {
        IReadOnlyList<UnionMount> all = Engine.Mounts.List();
        List<UnionMount> selected = [];
        foreach (string text in texts)
        {
            UnionMount[] found = [.. all.Where(mount => fits(mount, text))];
            selected.AddRange(found);
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(text))
            {
                notFound(text);
            }
        }
        return selected.DistinctBy(mount => mount.Id);
    }

    /// <summary>The mounts at paths of the user's.</summary>
    protected IEnumerable<UnionMount> SelectByPath(string[] texts)
    {
        foreach (string literal in texts.Where(text => !WildcardPattern.ContainsWildcardCharacters(text)))
        {
            _ = ResolvePath(literal); // refused when it is none of this machine's, also where nothing is mounted
        }
        return Select(texts, FitsPath, text => NotFound(text, $"No union is mounted at {text}."));
    }

    // The user's text, the same made absolute, or a wildcard.
    private bool FitsPath(UnionMount mount, string text)
    {
        if (WildcardPattern.ContainsWildcardCharacters(text))
        {
            return new WildcardPattern(text).IsMatch(mount.Merged);
        }
        string path = System.IO.Path.TrimEndingDirectorySeparator(ResolvePath(text));
        // By another name: through symbolic links on the way.
        return mount.Merged == path || (System.IO.Path.GetFileName(path) == System.IO.Path.GetFileName(mount.Merged) && Parent(path) == Parent(mount.Merged));
    }

    /// <summary>Whether a mount is an image's.</summary>
    protected bool FitsReference(UnionMount mount, string text)
    {
        if (mount.Reference is null)
        {
            return false;
        }
        if (WildcardPattern.ContainsWildcardCharacters(text))
        {
            return mount.Reference.Contains(':', StringComparison.Ordinal)
                && ImageMatcher.Matches(new WildcardPattern(text, WildcardOptions.IgnoreCase), mount.Reference);
        }
        if (mount.Reference == text || mount.Reference == text + ":latest")
        {
            return true;
        }
        try
        {
            return Engine.Images.Get(text).Id == mount.ImageId;
        }
        catch (LayerImageException)
        {
            return false; // the image may be gone
        }
    }

    /// <summary>Says that an image is not mounted.</summary>
    protected void WriteReferenceNotFound(string reference) => NotFound(reference, $"The image '{reference}' is not mounted.");

    private void NotFound(string target, string message) =>
        WriteFailure(new LayerImageException(EngineError.MountNotFound, message) { Target = target, Advice = "Get-LayerImageMount lists the mounts." }, target);

    private static string? Parent(string path) => System.IO.Path.GetDirectoryName(path) is string parent && Directory.Exists(parent)
        ? new DirectoryInfo(parent).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? parent
        : null;
}
