using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerImage.Engine.Oci;

/// <summary>
/// <c>algorithm:hex</c> of exact bytes (image-spec, descriptor.md "Digests"). Only sha256 and sha512, lower case:
/// parsed once, compared as a value. <c>default</c> is no digest and prints as an empty text.
/// </summary>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest : IComparable<Digest>
{
    private readonly string? _text;

    private Digest(string text) => _text = text;

    /// <summary>The algorithm: sha256 or sha512.</summary>
    public string Algorithm => _text is null ? "" : _text[.._text.IndexOf(':', StringComparison.Ordinal)];

    /// <summary>The hexadecimal part, lower case.</summary>
    public string Hex => _text is null ? "" : _text[(_text.IndexOf(':', StringComparison.Ordinal) + 1)..];

    /// <summary>The first 12 hexadecimal digits, as docker shows ids.</summary>
    public string Short => _text is null ? "" : Hex[..12];

    /// <summary>Parses a digest: "sha256:" and 64 hexadecimal digits.</summary>
    /// <exception cref="FormatException">It is not one that the engine knows.</exception>
    public static Digest Parse(string text) => TryParse(text, out Digest digest)
        ? digest
        : throw new FormatException($"'{text}' is not a sha256 or sha512 digest.");

    /// <summary>Parses a digest; false when it is not one that the engine knows.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        int colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon < 0)
        {
            return false;
        }
        int length = text![..colon] switch { "sha256" => 64, "sha512" => 128, _ => -1 };
        if (text.Length - colon - 1 != length || text.AsSpan(colon + 1).ContainsAnyExcept("0123456789abcdef"))
        {
            return false;
        }
        digest = new Digest(text);
        return true;
    }

    /// <summary>The SHA-256 digest of bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes) => FromSha256(SHA256.HashData(bytes));

    /// <summary>A digest from 32 bytes of a finished SHA-256.</summary>
    public static Digest FromSha256(ReadOnlySpan<byte> hash) => new("sha256:" + Convert.ToHexStringLower(hash));

    /// <summary>A new running hash of this digest's algorithm.</summary>
    internal IncrementalHash CreateHash() => IncrementalHash.CreateHash(
        Algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);

    /// <summary>Whether a finished hash of this digest's algorithm is this digest.</summary>
    internal bool Matches(ReadOnlySpan<byte> hash) => Convert.ToHexStringLower(hash) == Hex;

    /// <inheritdoc/>
    public int CompareTo(Digest other) => string.CompareOrdinal(_text, other._text);

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}

/// <summary>Writes a digest as its text; a malformed one is a JSON error.</summary>
internal sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out Digest digest)
            ? digest
            : throw new JsonException("a digest is neither sha256 nor sha512 in lower-case hexadecimal");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
