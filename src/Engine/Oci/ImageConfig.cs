using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerImage.Engine.Oci;

/// <summary>
/// The configuration of an image (image-spec, config.md). Members that this record does not name are kept, so that
/// an image committed from another loses nothing.
/// </summary>
public sealed record ImageConfig
{
    /// <summary>When the image was made.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Who made the image.</summary>
    public string? Author { get; init; }

    /// <summary>The processor that the image is for: "amd64".</summary>
    public string? Architecture { get; init; }

    /// <summary>The processor's variant.</summary>
    public string? Variant { get; init; }

    /// <summary>The operating system that the image is for: "linux".</summary>
    public string? Os { get; init; }

    /// <summary>What a container of it runs by default.</summary>
    public ExecutionConfig? Config { get; init; }

    /// <summary>The layers by DiffID, the base first.</summary>
    public RootFs Rootfs { get => field ?? new(); init; }

    /// <summary>How each layer came to be, the base first.</summary>
    public IReadOnlyList<HistoryEntry>? History { get; init; }

    /// <summary>The platform and how many layers there are.</summary>
    public override string ToString() => $"{Os}/{Architecture}{(Variant is null ? "" : "/" + Variant)}, layers: {Rootfs.DiffIds.Count}";

    [JsonInclude, JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    internal ImageConfig WithoutNulls() => this with
    {
        Config = Config?.WithoutNulls(),
        History = History?.Select(entry => entry ?? new()).ToArray(),
    };

    internal static IReadOnlyList<string>? WithoutNulls(IReadOnlyList<string>? list) => list?.Select(text => text ?? "").ToArray();
}

/// <summary>What a container of an image runs by default (image-spec, config.md "config").</summary>
public sealed record ExecutionConfig
{
    /// <summary>User or uid, with an optional group.</summary>
    [JsonPropertyName("User")]
    public string? User { get; init; }

    /// <summary>Ports the program listens on: "8080/tcp".</summary>
    [JsonPropertyName("ExposedPorts")]
    public IReadOnlyDictionary<string, EmptyObject>? ExposedPorts { get; init; }

    /// <summary>Environment: "NAME=value".</summary>
    [JsonPropertyName("Env")]
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>The program and its first arguments.</summary>
    [JsonPropertyName("Entrypoint")]
    [JsonConverter(typeof(WordsJsonConverter))]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Further arguments of the entry point, or the program when there is none.</summary>
    [JsonPropertyName("Cmd")]
    [JsonConverter(typeof(WordsJsonConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>Folders that hold data of their own.</summary>
    [JsonPropertyName("Volumes")]
    public IReadOnlyDictionary<string, EmptyObject>? Volumes { get; init; }

    /// <summary>Where the program starts.</summary>
    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }

    /// <summary>Labels: free text by key.</summary>
    [JsonPropertyName("Labels")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The signal that asks the program to stop.</summary>
    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }

    [JsonInclude, JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>The entry point and the command in one line.</summary>
    public override string ToString() => string.Join(' ', [.. Entrypoint ?? [], .. Cmd ?? []]);

    // Go reads a null in a list or map as an empty text; those who read it here later need not think of nulls.
    internal ExecutionConfig WithoutNulls() => this with
    {
        Env = ImageConfig.WithoutNulls(Env),
        Entrypoint = ImageConfig.WithoutNulls(Entrypoint),
        Cmd = ImageConfig.WithoutNulls(Cmd),
        Labels = Labels?.ToDictionary(label => label.Key, label => label.Value ?? ""),
    };
}

/// <summary>The layers of an image by DiffID.</summary>
public sealed record RootFs
{
    /// <summary>The kind of root file system; always "layers".</summary>
    public string Type { get => field ?? "layers"; init; }

    /// <summary>The digests of the uncompressed tars, the base first.</summary>
    [JsonPropertyName("diff_ids")]
    public IReadOnlyList<Digest> DiffIds { get => field ?? []; init; }

    [JsonInclude, JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>The layers' DiffIDs in one line.</summary>
    public override string ToString() => string.Join(", ", DiffIds);
}

/// <summary>How one layer came to be (image-spec, config.md "history").</summary>
public sealed record HistoryEntry
{
    /// <summary>When the step was made.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>The command that made the step.</summary>
    [JsonPropertyName("created_by")]
    public string? CreatedBy { get; init; }

    /// <summary>Who made the step.</summary>
    public string? Author { get; init; }

    /// <summary>The message that the step was made with.</summary>
    public string? Comment { get; init; }

    /// <summary>Whether the step made no layer.</summary>
    [JsonPropertyName("empty_layer")]
    public bool? EmptyLayer { get; init; }

    [JsonInclude, JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>The command, else the message.</summary>
    public override string ToString() => CreatedBy ?? Comment ?? "";
}

/// <summary>The JSON object without members, which Go writes for a set's element.</summary>
public sealed record EmptyObject
{
    /// <summary>The empty object, as JSON has it.</summary>
    public override string ToString() => "{}";
}
