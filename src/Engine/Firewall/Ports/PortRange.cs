using System.Globalization;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>One port or several in a row; <see cref="Parse"/> reads what <see cref="ToString"/> writes, and its elements are the ports.</summary>
/// <param name="First">The lowest port, 1 to 65535.</param>
/// <param name="Last">The highest one; <paramref name="First"/> for a single port.</param>
public readonly record struct PortRange(int First, int Last) : IComparable<PortRange>, IEnumerable<int>
{
    /// <summary>The range of all ports: 1 to 65535.</summary>
    public static PortRange All { get; } = new(1, 65535);

    /// <summary>Reads <c>9200</c> or <c>8000-8010</c>; false when the text is neither.</summary>
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

    /// <summary>Reads <c>9200</c> or <c>8000-8010</c>.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>: the text is neither.</exception>
    public static PortRange Parse(string? text) => TryParse(text, out PortRange range) ? range
        : throw new LayerImageException(EngineError.PortInvalid, $"'{text}' is not a port or a range of ports.")
        {
            Target = text,
            Advice = "Give a port from 1 to 65535 (9200), or a range with the lower port first (8000-8010).",
        };

    /// <summary>Whether all of another range is in this one.</summary>
    public bool Contains(PortRange other) => First <= other.First && other.Last <= Last;

    /// <summary>Whether the two have a port in common.</summary>
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

    /// <inheritdoc/>
    public int CompareTo(PortRange other) => (First, Last).CompareTo((other.First, other.Last));

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => Enumerable.Range(First, Last - First + 1).GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The port, or the two with a dash.</summary>
    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
