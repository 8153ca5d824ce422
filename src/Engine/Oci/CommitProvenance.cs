using System.Text.Json;

namespace LayerImage.Engine.Oci;

/// <summary>
/// What a committed image was made of. It is in the configuration twice: as a member of the commit's history entry, so
/// that each of several commits keeps its own, and as labels, which every tool shows. The manifest has the labels as
/// annotations (image-spec, annotations.md). When, by whom and with which message is the history entry itself.
/// </summary>
public sealed record CommitProvenance
{
    /// <summary>What all labels and members begin with, the two of the base image aside.</summary>
    public const string Prefix = "io.layerimage.commit.";

    private const string BaseName = "org.opencontainers.image.base.name", BaseDigest = "org.opencontainers.image.base.digest";
    private const int MostChanges = 1000;

    /// <summary>The name of the container that the image was made of.</summary>
    public string? Container { get; init; }

    /// <summary>The id of the container that the image was made of.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The container's image as its user named it.</summary>
    public string? Image { get; init; }

    /// <summary>The id of the image that the container was made of.</summary>
    public string? ImageId { get; init; }

    /// <summary>The manifest digest of the image that the container was made of; null when it was never received, sent or exported.</summary>
    public string? ImageDigest { get; init; }

    /// <summary>The changes of the configuration.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"{Container} of {Image}";

    /// <summary>What a history entry says; null when it says nothing. Free text: nothing in it is checked.</summary>
    internal static CommitProvenance? Read(HistoryEntry entry)
    {
        string? Text(string name) => entry.Unknown?.GetValueOrDefault(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        return entry.Unknown?.Keys.Any(IsOwn) != true ? null : new CommitProvenance
        {
            Container = Text(Prefix + "container"),
            ContainerId = Text(Prefix + "container-id"),
            Image = Text(BaseName),
            ImageId = Text(Prefix + "image-id"),
            ImageDigest = Text(BaseDigest),
            Changes = entry.Unknown.GetValueOrDefault(Prefix + "changes") is { ValueKind: JsonValueKind.Array } list
                ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Take(MostChanges).Select(item => item.GetString()!)] : [],
        };
    }

    /// <summary>The members of a history entry.</summary>
    internal Dictionary<string, JsonElement> ToMembers()
    {
        Dictionary<string, JsonElement> members =
            Texts().ToDictionary(text => text.Key, text => JsonSerializer.SerializeToElement(text.Value, OciJsonContext.Default.String));
        if (Changes.Count > 0)
        {
            members[Prefix + "changes"] = JsonSerializer.SerializeToElement([.. Changes], OciJsonContext.Default.StringArray);
        }
        return members;
    }

    /// <summary>
    /// Labels a configuration. What an image below said of its own commit is not true of this one: it is taken away, also
    /// when there is nothing to say.
    /// </summary>
    internal static ExecutionConfig Label(ExecutionConfig config, CommitProvenance? provenance)
    {
        bool hasOwn = config.Labels?.Keys.Any(IsOwn) == true;
        if (!hasOwn && provenance is null)
        {
            return config;
        }
        IEnumerable<KeyValuePair<string, string>> had = config.Labels ?? new Dictionary<string, string>();
        IEnumerable<KeyValuePair<string, string>> labels = had.Where(label => !IsOwn(label.Key) && !IsBase(label.Key));
        if (provenance is not null)
        {
            labels = labels.Concat(provenance.Texts())
                .Concat(provenance.Changes.Count == 0 ? [] : [new(Prefix + "changes", string.Join('\n', provenance.Changes))]);
        }
        Dictionary<string, string> all = labels.OrderBy(label => label.Key, StringComparer.Ordinal).ToDictionary();
        return config with { Labels = all.Count == 0 ? null : all };
    }

    /// <summary>The annotations of an image's manifest; null when it was committed without provenance, or not at all.</summary>
    internal static IReadOnlyDictionary<string, string>? Annotations(ImageConfig config)
    {
        IReadOnlyDictionary<string, string>? labels = config.Config?.Labels;
        if (labels is null || !labels.Keys.Any(IsOwn))
        {
            return null;
        }
        SortedDictionary<string, string> annotations = new(labels.Where(label => IsOwn(label.Key) || IsBase(label.Key)).ToDictionary(), StringComparer.Ordinal);
        Add("org.opencontainers.image.created", config.Created?.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", System.Globalization.CultureInfo.InvariantCulture));
        Add("org.opencontainers.image.authors", config.Author);
        Add(Prefix + "message", config.History?.LastOrDefault()?.Comment);
        return annotations;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                annotations[name] = value;
            }
        }
    }

    private IEnumerable<KeyValuePair<string, string>> Texts() => new (string Name, string? Value)[]
    {
        (Prefix + "container", Container), (Prefix + "container-id", ContainerId), (Prefix + "image-id", ImageId), (BaseDigest, ImageDigest), (BaseName, Image),
    }.Where(text => !string.IsNullOrEmpty(text.Value)).Select(text => KeyValuePair.Create(text.Name, text.Value!));

    private static bool IsOwn(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    private static bool IsBase(string name) => name is BaseName or BaseDigest;
}
