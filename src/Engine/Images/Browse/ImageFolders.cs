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
    private IReadOnlyList<(string Tag, IReadOnlyList<string> Path, IReadOnlyList<string> Canonical)>? _tags;

    /// <summary>Forgets the tags that it has read.</summary>
    public void Forget() => _tags = null;

    /// <summary>The names that the path of a folder goes on with, sorted.</summary>
    public IEnumerable<string> Names(IReadOnlyList<string> folder)
    {
        IEnumerable<string> names =
            Tags().Select(tag => tag.Path).Where(path => path.Count > folder.Count && Begins(path, folder)).Select(path => path[folder.Count]);
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
        foreach ((string tag, IReadOnlyList<string> familiar, IReadOnlyList<string> canonical) in Tags())
        {
            if ((Begins(familiar, path) ? familiar : Begins(canonical, path) ? canonical : null) is IReadOnlyList<string> whole)
            {
                found = whole.Count == path.Count ? tag : found;
                isFolder |= whole.Count > path.Count;
            }
        }
        if (found is null
            && !isFolder
            && path is [{ Length: >= ShortId } id]
            && id.AsSpan().ContainsAnyExcept("0123456789abcdef") is false
            && catalog.Find(id) is [Image image])
        {
            found = image.Id;
        }
        return (found, isFolder);
    }

    private IReadOnlyList<(string Tag, IReadOnlyList<string> Path, IReadOnlyList<string> Canonical)> Tags() => _tags ??= [.. catalog.ListTags()
        .Select(tag => (tag, Components(tag), Components(ImageReference.TryParse(tag, out ImageReference? reference) ? reference!.Canonical : tag)))];

    private static IReadOnlyList<string> Components(string tag)
    {
        int colon = tag.LastIndexOf(':');
        return [.. tag[..colon].Replace(':', '+').Split('/'), tag[(colon + 1)..]];
    }

    private static bool Begins(IReadOnlyList<string> path, IReadOnlyList<string> beginning) =>
        path.Count >= beginning.Count && beginning.Select((name, i) => name.Replace(':', '+') == path[i]).All(same => same);
}
