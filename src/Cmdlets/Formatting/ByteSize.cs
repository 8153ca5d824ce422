using System.Globalization;

namespace LayerImage.Cmdlets.Formatting;

/// <summary>Sizes for the views, in powers of 1000 as docker shows them.</summary>
public static class ByteSize
{
    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>A number of bytes as people read it: "412 MB", "1.5 kB".</summary>
    public static string Format(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 1000 && unit < s_units.Length - 1)
        {
            value /= 1000;
            unit++;
        }
        return unit == 0 || value >= 100
            ? string.Create(CultureInfo.InvariantCulture, $"{value:0} {s_units[unit]}")
            : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {s_units[unit]}");
    }
}
