using System.Text.Json.Serialization;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Source-generated JSON for the documents that only archives have.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 8)]
[JsonSerializable(typeof(DockerArchiveEntry[]))]
[JsonSerializable(typeof(SortedDictionary<string, SortedDictionary<string, string>>))]
internal sealed partial class ArchiveJsonContext : JsonSerializerContext;
