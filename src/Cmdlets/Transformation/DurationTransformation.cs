using System.Globalization;
using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>Takes a TimeSpan, a number of seconds, or firewalld's '20s', '5m', '1h'.</summary>
public sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null or TimeSpan)
        {
            return value;
        }
        string text = Convert.ToString(value, CultureInfo.InvariantCulture)!.Trim().ToLowerInvariant();
        int scale = text.Length == 0 ? 1 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        string digits = scale > 0 && text.Length > 0 && !char.IsAsciiDigit(text[^1]) ? text[..^1] : text;
        if (double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            return TimeSpan.FromSeconds(number * Math.Max(1, scale));
        }
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan span)
            ? span
            : throw new ArgumentTransformationMetadataException($"'{text}' is not a duration: write seconds, or a number with s, m or h, such as 5m.");
    }
}
