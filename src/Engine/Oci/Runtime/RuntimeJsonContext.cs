using System.Text.Json.Serialization;

namespace LayerImage.Engine.Oci.Runtime;

/// <summary>Source-generated serialisation of config.json. Write through <see cref="RuntimeJson"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RuntimeSpec))]
[JsonSerializable(typeof(SpecProcess))]
[JsonSerializable(typeof(SpecSeccomp))]
internal sealed partial class RuntimeJsonContext : JsonSerializerContext;
