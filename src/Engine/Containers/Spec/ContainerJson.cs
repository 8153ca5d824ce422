using System.Text.Json;
using System.Text.Json.Serialization;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>
/// The JSON of container records. Values that users write as text are that text: a record stays as it was before they had types.
/// </summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(NetworkModeJson), typeof(PortMappingJson), typeof(VolumeMountJson), typeof(UlimitJson), typeof(SysctlJson), typeof(TmpfsMountJson)])]
[JsonSerializable(typeof(ContainerSpec))]
internal sealed partial class ContainerJsonContext : JsonSerializerContext;

/// <summary>A value as the text that it is read from.</summary>
/// <param name="parse">Reads it.</param>
internal abstract class TextJson<T>(Func<string, T> parse) : JsonConverter<T>
    where T : notnull
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return parse(reader.GetString() ?? throw new JsonException("There is no text."));
        }
        catch (LayerImageException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

internal sealed class NetworkModeJson() : TextJson<NetworkMode>(NetworkMode.Parse);

internal sealed class PortMappingJson() : TextJson<PortMapping>(PortMapping.Parse);

internal sealed class SysctlJson() : TextJson<Sysctl>(Sysctl.Parse);

internal sealed class TmpfsMountJson() : TextJson<TmpfsMount>(TmpfsMount.Parse);

internal sealed class UlimitJson() : TextJson<Ulimit>(Ulimit.Parse);

internal sealed class VolumeMountJson() : TextJson<VolumeMount>(VolumeMount.Parse);
