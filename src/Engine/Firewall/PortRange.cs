using System.Globalization;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>One port or several in a row.</summary>
internal readonly record struct PortRange(int First, int Last) : IComparable<PortRange>
{
    public static bool TryParse(string? text, out PortRange range)
    {
        range = default;
        string[] parts = (text ?? "").Split('-');
        if (parts.Length > 2 || !TryPort(parts[0], out int first) || !TryPort(parts[^1], out int last) || last < first)
        {
            return false;
        }
        range = new PortRange(first, last);
        return true;
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>.</exception>
    public static PortRange Parse(string? text) => TryParse(text, out PortRange range) ? range
        : throw new LayerImageException(EngineError.PortInvalid, $"'{text}' is not a port or a range of ports.")
        {
            Target = text,
            Advice = "Give a port from 1 to 65535 (9200), or a range with the lower port first (8000-8010).",
        };

    public bool Contains(PortRange other) => First <= other.First && other.Last <= Last;

    public bool Overlaps(PortRange other) => First <= other.Last && other.First <= Last;

    /// <summary>What is left of this range without another: none, one or two ranges.</summary>
    public IEnumerable<PortRange> Without(PortRange other)
    {
        if (!Overlaps(other))
        {
            yield return this;
            yield break;
        }
        if (First < other.First)
        {
            yield return new PortRange(First, other.First - 1);
        }
        if (other.Last < Last)
        {
            yield return new PortRange(other.Last + 1, Last);
        }
    }

    /// <summary>What is left of this range without several others.</summary>
    public IEnumerable<PortRange> Without(IEnumerable<PortRange> others) =>
        others.Aggregate((IEnumerable<PortRange>)[this], (left, other) => left.SelectMany(range => range.Without(other)).ToList());

    public int CompareTo(PortRange other) => (First, Last).CompareTo((other.First, other.Last));

    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
