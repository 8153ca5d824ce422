using System.Text;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Images.Browse;

/// <summary>
/// Names in images are bytes, paths of a drive are text whose separators are '/' and '\'. What cannot stand in such a
/// component is written as U+F000 + byte (as WSL does): control characters, the backslash, bytes that are no UTF-8,
/// and the bytes of those characters themselves. Decoding gives the same bytes back.
/// </summary>
internal static class BrowseNames
{
    private const int Escape = 0xF000;

    public static string Encode(ReadOnlySpan<byte> name, bool isPath = false)
    {
        StringBuilder text = new(name.Length);
        while (name.Length > 0)
        {
            bool valid = Rune.DecodeFromUtf8(name, out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            if (valid && !MustEscape(rune, isPath))
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (byte value in name[..used])
                {
                    text.Append((char)(Escape + value));
                }
            }
            name = name[used..];
        }
        return text.ToString();
    }

    public static NativePath Decode(string name)
    {
        List<byte> bytes = new(name.Length);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (rune.Value is > Escape and <= Escape + 0xFF)
            {
                bytes.Add((byte)(rune.Value - Escape));
            }
            else
            {
                bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
            }
        }
        return NativePath.From([.. bytes]);
    }

    private static bool MustEscape(Rune rune, bool isPath) =>
        Rune.IsControl(rune) || rune.Value == '\\' || (rune.Value == '/' && !isPath) || rune.Value is >= Escape and <= Escape + 0xFF;
}
