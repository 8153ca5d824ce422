using System.Text.Encodings.Web;
using System.Text.Json;

namespace LayerImage.Engine.Oci.Runtime;

/// <summary>The bytes of config.json and of an exec's process file.</summary>
internal static class RuntimeJson
{
    // A class of its own: a static inside the context would run before the context's Default and be null.
    private static readonly RuntimeJsonContext s_wire = new(new JsonSerializerOptions(RuntimeJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static byte[] Write(RuntimeSpec spec) => JsonSerializer.SerializeToUtf8Bytes(spec, s_wire.RuntimeSpec);

    public static byte[] Write(SpecProcess process) => JsonSerializer.SerializeToUtf8Bytes(process, s_wire.SpecProcess);

    public static byte[] Write(SpecSeccomp seccomp) => JsonSerializer.SerializeToUtf8Bytes(seccomp, s_wire.SpecSeccomp);

    public static RuntimeSpec Read(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize(bytes, s_wire.RuntimeSpec)
        ?? throw new JsonException("config.json is empty.");
}
