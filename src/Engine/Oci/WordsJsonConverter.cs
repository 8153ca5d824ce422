using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerImage.Engine.Oci;

/// <summary>
/// A list of words that old writers gave as one text (moby, api/types/strslice: a text is a list of one). Written as a list.
/// </summary>
internal sealed class WordsJsonConverter : JsonConverter<IReadOnlyList<string>>
{
    public override IReadOnlyList<string>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => [reader.GetString()!],
        JsonTokenType.StartArray => ReadList(ref reader),
        _ => throw new JsonException("a list of words is neither a list nor a text"),
    };

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (string word in value)
        {
            writer.WriteStringValue(word);
        }
        writer.WriteEndArray();
    }

    private static List<string> ReadList(ref Utf8JsonReader reader)
    {
        List<string> words = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            words.Add(reader.TokenType switch
            {
                JsonTokenType.String => reader.GetString()!,
                JsonTokenType.Null => "",
                _ => throw new JsonException("a word in a list is no text"),
            });
        }
        return words;
    }
}
