using System.Buffers;
using System.Text;

namespace LayerImage.Engine.Errors;

/// <summary>
/// Text of strangers (registries, images, containers) for a terminal: what a terminal would obey is shown as a character,
/// so that nobody's image sets a window's title, clears the screen or answers a question.
/// </summary>
public static class PrintableText
{
    private const int Pictures = 0x2400; // U+2400 is the picture of NUL, U+241B that of ESC
    private const char Delete = '\u007F', PictureOfDelete = '\u2421', Unknown = '\uFFFD';

    // All but tab and the line feed, which mean nothing else than they say.
    private static readonly SearchValues<char> s_controls = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(code => code is not ('\t' or '\n')).Concat(Enumerable.Range(Delete, 0x21)).Select(code => (char)code)]);

    /// <summary>The text with a picture in the place of each control character.</summary>
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAny(s_controls))
        {
            return text;
        }
        StringBuilder printable = new(text.Length);
        foreach (char character in text)
        {
            printable.Append(character switch
            {
                '\t' or '\n' => character,
                < ' ' => (char)(Pictures + character),
                Delete => PictureOfDelete,
                > Delete and <= '\u009F' => Unknown,
                _ => character,
            });
        }
        return printable.ToString();
    }
}
