using System.Globalization;
using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>Takes docker's '512m', '2g' and PowerShell's numbers (512mb) alike, as bytes.</summary>
public sealed class ByteSizeTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is not string text)
        {
            return value;
        }
        string digits = text.Trim().ToLowerInvariant().TrimEnd('b', 'i');
        int shift = digits.Length == 0 ? 0 : digits[^1] switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        digits = shift > 0 ? digits[..^1] : digits;
        return decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) && number >= 0
            ? (object)(long)(number * (1L << shift))
            : throw new ArgumentTransformationMetadataException($"'{text}' is not a size: write a number of bytes, or one with k, m or g, such as 512m.");
    }
}
