using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Maintenance;

/// <summary>Who needs a blob or a layer, as issues tell it.</summary>
/// <param name="Images">Images: a name, or the id where there is none.</param>
/// <param name="Containers">Containers' names.</param>
/// <param name="Origins">References by digest under which registries have the images.</param>
/// <param name="Standing">Who stands on it now, so that it cannot be replaced: "the container web, the mount /mnt"; empty for nobody.</param>
/// <param name="AreRunning">Whether a container is among those.</param>
internal sealed record Dependents(
    IReadOnlyList<string> Images,
    IReadOnlyList<string> Containers,
    IReadOnlyList<ImageReference> Origins,
    string Standing,
    bool AreRunning)
{
    /// <summary>Finds who needs a blob.</summary>
    public static Dependents OfBlob(StoreTransaction transaction, string digest) => Read(transaction, StoreKinds.Blob, digest);

    /// <summary>Finds who needs a layer.</summary>
    public static Dependents OfLayer(StoreTransaction transaction, string key) => Read(transaction, StoreKinds.Layer, key);

    private static Dependents Read(StoreTransaction transaction, StoreKind kind, string name)
    {
        ILookup<StoreKind, StoreUser> users = Reachability.UsersOf(transaction, kind, name).ToLookup(user => user.Kind);
        StoreUser[] standing = [.. users.SelectMany(group => group).Where(user => user.Standing is not null)];
        return new Dependents(
            [.. users[StoreKinds.Image].Select(image => NameOf(transaction, image.Id))],
            [.. users[StoreKinds.Container].Select(container => container.Name)],
            [.. users[StoreKinds.Image].SelectMany(image => RepoDigestTable.NamesOf(transaction, image.Id).Select(ImageReference.Parse))],
            string.Join(", ", standing.Select(user => $"the {user.Kind.Noun} {user.Name}")),
            standing.Any(user => user.Kind == StoreKinds.Container));
    }

    private static string NameOf(StoreTransaction transaction, string id) =>
        TagTable.FirstOf(transaction, id) is string tag ? ImageReference.Parse(tag).Familiar : id;
}
