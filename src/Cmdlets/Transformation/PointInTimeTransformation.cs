using System.Globalization;
using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>
/// Takes a point in time as docker and PowerShell write it: a date, how long ago ('30d', '10m', a TimeSpan), or an image,
/// which stands for the time when it was made.
/// </summary>
public sealed class PointInTimeTransformationAttribute : ArgumentTransformationAttribute
{
    // "1d" and "8" are lengths of time and "2024" is a year that nobody means: a date has a day and a month.
    private const int ShortestDate = 8;

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            null => null,
            DateTimeOffset time => time,
            DateTime time => new DateTimeOffset(time),
            TimeSpan ago => DateTimeOffset.Now - ago,
            Image image => TimeOf(image),
            var other => Parse(Convert.ToString(other, CultureInfo.InvariantCulture)!.Trim()),
        };

    private static DateTimeOffset Parse(string text)
    {
        if (text.Length >= ShortestDate && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset date))
        {
            return date;
        }
        if (text.Length > 0
            && char.IsAsciiDigit(text[0])
            && DurationTransformationAttribute.TryParse(text, out TimeSpan ago)
            && ago < DateTimeOffset.Now - DateTimeOffset.MinValue)
        {
            return DateTimeOffset.Now - ago;
        }
        try
        {
            return TimeOf(EngineSession.Get((string?)null).Images.Get(text));
        }
        catch (LayerImageException e)
        {
            throw new ArgumentTransformationMetadataException(
                $"'{text}' is neither a date, nor a length of time ('30d', '10m'), nor an image that is here.", e);
        }
    }

    private static DateTimeOffset TimeOf(Image image) => image.CreatedAt ?? image.StoredAt;
}
