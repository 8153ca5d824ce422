using System.Globalization;
using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>Takes a TimeSpan, a number of seconds, or firewalld's '20s', '5m', '1h'.</summary>
public sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(int.MaxValue);

    /// <summary>Whether -1 is taken, too: for ever, as docker means it.</summary>
    public bool TakesForever { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null)
        {
            return value;
        }
        string text = Convert.ToString(value, CultureInfo.InvariantCulture)!;
        if (TakesForever && (text == "-1" || value is TimeSpan { Ticks: -TimeSpan.TicksPerMillisecond or -TimeSpan.TicksPerSecond }))
        {
            return Timeout.InfiniteTimeSpan;
        }
        return (value is TimeSpan given || TryParse(text, out given)) && given >= TimeSpan.Zero && given <= s_longest
            ? given
            : throw new ArgumentTransformationMetadataException(
                $"'{text}' is not a duration: write seconds, or a number with s, m, h or d, such as 5m{(TakesForever ? "; -1 is for ever" : "")}.");
    }

    /// <summary>Reads a length of time.</summary>
    internal static bool TryParse(string text, out TimeSpan span) => (span = Parse(text.Trim().ToLowerInvariant()) ?? TimeSpan.MinValue) >= TimeSpan.Zero;

    private static TimeSpan? Parse(string text)
    {
        int scale = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (double.TryParse(scale > 0 ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            double seconds = number * Math.Max(1, scale);
            return seconds <= s_longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
        }
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan span) ? span : null;
    }
}
