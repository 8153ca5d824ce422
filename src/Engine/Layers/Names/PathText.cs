using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace LayerImage.Engine.Layers;

/// <summary>Shows names, which are bytes, as text without losing any.</summary>
internal static class PathText
{
    /// <summary>UTF-8 as it is; of anything else the bytes that are not UTF-8 as \xNN, and a backslash as \\.</summary>
    public static string Of(ReadOnlySpan<byte> path)
    {
        if (Utf8.IsValid(path))
        {
            return Encoding.UTF8.GetString(path);
        }
        StringBuilder text = new(path.Length + 16);
        while (!path.IsEmpty)
        {
            bool isValid = Rune.DecodeFromUtf8(path, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            if (isValid)
            {
                text.Append(rune.Value == '\\' ? "\\\\" : rune.ToString());
            }
            else
            {
                foreach (byte one in path[..length])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}");
                }
            }
            path = path[length..];
        }
        return text.ToString();
    }
}
