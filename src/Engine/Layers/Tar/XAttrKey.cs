using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Names of extended attributes in PAX keys. A key ends at its first '=', so GNU tar writes %3D for one in a name, and %25 for '%'
/// (xattr_encode_keyword in its xheader.c). Go's tar knows neither, so a '%' that cannot be taken for one of these stays as it is.
/// </summary>
internal static class XAttrKey
{
    private static ReadOnlySpan<byte> EncodedEquals => "%3D"u8;

    private static ReadOnlySpan<byte> EncodedPercent => "%25"u8;

    public static byte[] Encode(ReadOnlySpan<byte> name)
    {
        List<byte> key = new(name.Length);
        for (int i = 0; i < name.Length; i++)
        {
            key.AddRange(name[i] == (byte)'=' ? EncodedEquals : IsEncoded(name[i..]) ? EncodedPercent : name.Slice(i, 1));
        }
        return [.. key];
    }

    public static NativePath Decode(ReadOnlySpan<byte> key)
    {
        List<byte> name = new(key.Length);
        for (int i = 0; i < key.Length; i++)
        {
            bool isEncoded = IsEncoded(key[i..]);
            name.Add(!isEncoded ? key[i] : key[i + 1] == (byte)'3' ? (byte)'=' : (byte)'%');
            i += isEncoded ? 2 : 0;
        }
        return name.Contains(0) ? throw TarHeader.Malformed("the name of an extended attribute holds a NUL") : NativePath.From([.. name]);
    }

    private static bool IsEncoded(ReadOnlySpan<byte> text) => text.StartsWith(EncodedEquals) || text.StartsWith(EncodedPercent);
}
