using System.Runtime.CompilerServices;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>What is in the store and under which names; what a registry has.</summary>
public sealed partial class ImageService
{
    private static readonly TimeSpan s_useIsToldTo = TimeSpan.FromHours(1);

    /// <summary>All tags in the store, as people write them, sorted.</summary>
    public IReadOnlyList<string> ListTags() => _catalog.ListTags();

    /// <summary>The steps in which an image was made, the first one first, each with its layer.</summary>
    public IReadOnlyList<ImageHistoryEntry> GetHistory(Image image) => ImageHistory.Of(image);

    /// <summary>The tags that a registry has of a repository, in its order, as they come.</summary>
    /// <param name="repository">[registry/]repository, without a tag.</param>
    /// <param name="credential">A user's name and password, or null.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="LayerImageException">ReferenceInvalid, or the registry's failure.</exception>
    public async IAsyncEnumerable<RegistryTag> ListTagsAsync(
        string repository,
        RegistryCredential? credential,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ImageReference reference = ImageReference.Parse(repository);
        if (reference.Tag is not null || reference.Digest is not null)
        {
            throw new LayerImageException(EngineError.ReferenceInvalid, $"'{repository}' names an image, not a repository.")
            {
                Target = repository,
                Advice = $"Give {reference.Name} without a tag or digest.",
            };
        }
        using RegistryClient client = _registries.Open(reference, credential);
        await foreach (string tag in client.ListTagsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (ImageReference.IsTag(tag))
            {
                yield return RegistryTag.Of(reference, tag);
            }
        }
    }

    /// <summary>Removes an image, or a tag of it when it is named by that.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">What it was named by, or null.</param>
    /// <param name="force">In spite of several tags or stopped containers.</param>
    /// <param name="pretend">Change nothing and say what would be done.</param>
    /// <exception cref="LayerImageException">ImageInUse: the message names who; ImageNotFound: it is gone already.</exception>
    public ImageRemoval Remove(Image image, string? name, bool force, bool pretend)
    {
        if (!pretend)
        {
            return _remover.Remove(image, TagOf(name), force);
        }
        PlannedRemoval plan = PlanRemovals([(image, name)], force)[0];
        return plan.Removal ?? throw plan.Failure!;
    }

    /// <summary>
    /// What removing these, one after the other, would do: layers that several of them share are counted once, with the
    /// last of them. Changes nothing.
    /// </summary>
    public IReadOnlyList<PlannedRemoval> PlanRemovals(IReadOnlyList<(Image Image, string? Name)> items, bool force) =>
        _remover.Plan([.. items.Select(item => (item.Image, TagOf(item.Name)))], force);

    /// <summary>The images that are no longer wanted, each with the tag when only that is meant: for <see cref="PlanRemovals"/>.</summary>
    public IReadOnlyList<(Image Image, string? Name)> FindUnwanted(ImageClearing clearing) => clearing.Choose(_catalog.List(), _database);

    /// <summary>The same image by the tag that a user's text names; by its first one where the text is an id, or names none of its tags.</summary>
    public static Image By(Image image, string text) => ImageReference.TryParse(text, out ImageReference? reference) ? image.By(reference) : image;

    /// <summary>Fails as <see cref="AddTag"/> would on a malformed name.</summary>
    public static void CheckTag(string tag) => ImageReference.ParseName(tag);

    /// <summary>Fails as <see cref="RemoveTag"/> would, and changes nothing.</summary>
    public static void CheckRemoveTag(Image image, string tag)
    {
        if (!image.Tags.Contains(ImageReference.Parse(tag).WithDefaultTag().Familiar))
        {
            throw ImageRemover.NotTagged(image, tag);
        }
    }

    /// <summary>Takes a tag away from an image. The image stays, if need be without a name.</summary>
    /// <exception cref="LayerImageException">ReferenceInvalid; ImageNotFound: the image does not have that tag.</exception>
    public Image RemoveTag(Image image, string tag)
    {
        _remover.Untag(image, ImageReference.Parse(tag).WithDefaultTag().Canonical);
        return _catalog.FindExact(image.Id) ?? throw ImageCatalog.NotFound(tag);
    }

    /// <summary>Gives an image another tag; another image that has it loses it, of which the observer hears.</summary>
    /// <exception cref="LayerImageException">ReferenceInvalid; ImageNotFound: it is gone already.</exception>
    public Image AddTag(Image image, string tag, IEngineObserver? observer = null)
    {
        ImageReference reference = ImageReference.ParseName(tag).WithDefaultTag();
        TagMove? move = TagMove.Find(_database, reference, Digest.Parse(image.Id));
        _database.Write(transaction =>
        {
            if (!ImageTable.Exists(transaction, image.Id))
            {
                throw ImageCatalog.NotFound(image.Reference); // removed meanwhile
            }
            TagTable.Set(transaction, reference.Canonical, image.Id, _clock.GetUtcNow());
            FaultPoint.Reach(FaultPoint.TagSetting);
        });
        FaultPoint.Reach(FaultPoint.TagSet);
        move?.Report(observer ?? SilentObserver.Instance);
        return _catalog.FindExact(image.Id) ?? throw ImageCatalog.NotFound(tag);
    }

    private static string? TagOf(string? name) =>
        name is not null && ImageReference.TryParse(name, out ImageReference? reference) ? reference!.WithDefaultTag().Canonical : null;

    // To the hour: a record more for each container would cost each a wait for the disk.
    private Image Used(Image image)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        if (now - image.LastUsedAt > s_useIsToldTo)
        {
            _database.Write(transaction => ImageTable.SetUsed(transaction, image.Id, now));
        }
        return image;
    }
}
