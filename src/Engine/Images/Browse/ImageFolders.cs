using LayerImage.Engine.References;

namespace LayerImage.Engine.Images.Browse;

/// <summary>
/// How images are laid out as folders: the components of the repository as people write it, then the tag; ':' of a
/// registry's port is '+', which no name has, since a path's ':' ends a drive. An image without a tag stands by its short
/// id. Docker Hub's full names are found too and not listed.
/// </summary>
internal sealed class ImageFolders(ImageCatalog catalog)
{
    private const int ShortId = 12;

    /// <summary>The names that the path of a folder goes on with, sorted.</summary>
    public IEnumerable<string> Names(IReadOnlyList<string> folder)
    {
        IEnumerable<string> names = catalog.ListTags().Select(tag => Components(tag)).Where(tag => tag.Count > folder.Count && Begins(tag, folder)).Select(tag => tag[folder.Count]);
        if (folder.Count == 0)
        {
            names = names.Concat(catalog.List().Where(image => image.Tags.Count == 0).Select(image => image.Id["sha256:".Length..][..ShortId]));
        }
        return names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }

    /// <summary>What a path is: a tag that it names, and whether other names go on from it.</summary>
    public (string? Tag, bool IsFolder) Find(IReadOnlyList<string> path)
    {
        (string? found, bool isFolder) = (null, false);
        foreach (string tag in catalog.ListTags())
        {
            IReadOnlyList<string> components = Components(tag);
            if (!Begins(components, path) && ImageReference.TryParse(tag, out ImageReference? reference))
            {
                components = Components(reference!.Canonical);
            }
            if (Begins(components, path))
            {
                found = components.Count == path.Count ? tag : found;
                isFolder |= components.Count > path.Count;
            }
        }
        if (found is null && !isFolder && path is [{ Length: >= ShortId } id] && id.AsSpan().ContainsAnyExcept("0123456789abcdef") is false && catalog.Find(id) is [Image image])
        {
            found = image.Id;
        }
        return (found, isFolder);
    }

    private static IReadOnlyList<string> Components(string tag)
    {
        int colon = tag.LastIndexOf(':');
        return [.. tag[..colon].Replace(':', '+').Split('/'), tag[(colon + 1)..]];
    }

    private static bool Begins(IReadOnlyList<string> path, IReadOnlyList<string> beginning) =>
        path.Count >= beginning.Count && beginning.Select((name, i) => name.Replace(':', '+') == path[i]).All(same => same);
}
