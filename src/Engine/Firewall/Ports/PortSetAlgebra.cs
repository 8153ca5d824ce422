namespace LayerImage.Engine.Firewall;

/// <summary>
/// How rules of overlapping ranges live in one set. Without times it is what firewalld does (coalescePortRange and
/// breakPortRange in its functions.py): a range that is open already changes nothing, overlapping ranges become one,
/// adjacent ones do not, and a part of a range can be taken out. A rule with a timeout never shortens the life of one
/// without, which firewalld's merging does.
/// </summary>
internal static class PortSetAlgebra
{
    public static PortSetChange Add(IEnumerable<PortElement> existing, PortElement rule)
    {
        List<PortElement> overlapping = [.. existing.Where(element => Touches(element, rule))];
        List<PortElement> lasting = [.. overlapping.Where(element => element.Timeout is null)];
        if (lasting.Any(element => element.Range.Contains(rule.Range)))
        {
            return PortSetChange.None;
        }
        return rule.Timeout is null ? AddLasting(overlapping, lasting, rule) : AddTimed(overlapping, lasting, rule);
    }

    /// <summary>Elements of which none overlap, as if each had been added to those before; many are united in one pass.</summary>
    public static IReadOnlyList<PortElement> Unite(IReadOnlyList<PortElement> elements)
    {
        PortElement[] sorted = [.. elements.OrderBy(element => (element.Protocol, element.Range))];
        PortElement? furthest = null;
        foreach (PortElement element in sorted)
        {
            if (furthest is not null && Touches(furthest, element))
            {
                return elements.Aggregate((IReadOnlyList<PortElement>)[], (set, added) => Add(set, added).ApplyTo(set));
            }
            furthest = element;
        }
        return elements;
    }

    /// <summary>Takes ports out; null when not all of them were there.</summary>
    public static PortSetChange? Remove(IEnumerable<PortElement> existing, FirewallProtocol protocol, PortRange range)
    {
        List<PortElement> overlapping = [.. existing.Where(element => Touches(element, new PortElement(protocol, range)))];
        return range.Without(overlapping.Select(element => element.Range)).Any()
            ? null
            : new PortSetChange(overlapping, [.. overlapping.SelectMany(element => Rest(element, range))]);
    }

    /// <summary>Adds an owner to a range; where others own a part of it, that part is theirs together.</summary>
    public static PortSetChange AddOwner(IEnumerable<PortElement> existing, FirewallProtocol protocol, PortRange range, string owner)
    {
        PortElement rule = new(protocol, range) { Owners = owner };
        List<PortElement> overlapping = [.. existing.Where(element => Touches(element, rule))];
        List<PortElement> changed = [.. overlapping.Where(element => !element.IsOwnedBy(owner))];
        IEnumerable<PortElement> own = range.Without(overlapping.Select(element => element.Range)).Select(free => rule with { Range = free });
        IEnumerable<PortElement> rest = changed.SelectMany(element => Rest(element, range));
        IEnumerable<PortElement> shared = changed.Select(element => element with
        {
            Range = new PortRange(Math.Max(element.Range.First, range.First), Math.Min(element.Range.Last, range.Last)),
            Owners = $"{element.Owners},{owner}",
        });
        return new PortSetChange(changed, [.. own, .. rest, .. shared]);
    }

    /// <summary>Takes an owner out of the ranges given, or of all; elements with no owner left go.</summary>
    public static PortSetChange RemoveOwner(IEnumerable<PortElement> existing, string owner, FirewallProtocol? protocol, PortRange? range)
    {
        List<PortElement> removed = [.. existing.Where(element => element.IsOwnedBy(owner)
            && (protocol is null || element.Protocol == protocol) && (range is null || range.Value.Contains(element.Range)))];
        return new PortSetChange(removed, [.. removed.Where(element => element.Owners != owner).Select(element =>
            element with { Owners = string.Join(',', element.Owners!.Split(',').Where(other => other != owner)) })]);
    }

    /// <summary>The ranges of one owner, parts that were split by sharing put together again.</summary>
    public static IEnumerable<PortElement> OwnedBy(IEnumerable<PortElement> elements, string owner)
    {
        PortElement? last = null;
        foreach (PortElement element in elements.Where(element => element.IsOwnedBy(owner)).OrderBy(element => (element.Protocol, element.Range)))
        {
            if (last is not null && last.Protocol == element.Protocol && last.Range.Last + 1 == element.Range.First)
            {
                last = last with { Range = new PortRange(last.Range.First, element.Range.Last) };
                continue;
            }
            if (last is not null)
            {
                yield return last;
            }
            last = element with { Owners = owner };
        }
        if (last is not null)
        {
            yield return last;
        }
    }

    private static PortSetChange AddLasting(List<PortElement> overlapping, List<PortElement> lasting, PortElement rule)
    {
        PortRange whole = lasting.Aggregate(rule.Range, (range, element) =>
            new PortRange(Math.Min(range.First, element.Range.First), Math.Max(range.Last, element.Range.Last)));
        IEnumerable<PortElement> rest = overlapping.Where(element => element.Timeout is not null).SelectMany(element => Rest(element, whole));
        return new PortSetChange(overlapping, [rule with { Range = whole }, .. rest]);
    }

    private static PortSetChange AddTimed(List<PortElement> overlapping, List<PortElement> lasting, PortElement rule)
    {
        List<PortElement> timed = [.. overlapping.Where(element => element.Timeout is not null)];
        IEnumerable<PortElement> own = rule.Range.Without(lasting.Select(element => element.Range)).Select(free => rule with { Range = free });
        return new PortSetChange(timed, [.. own, .. timed.SelectMany(element => Rest(element, rule.Range))]);
    }

    private static IEnumerable<PortElement> Rest(PortElement element, PortRange taken) =>
        element.Range.Without(taken).Select(left => element with { Range = left });

    private static bool Touches(PortElement element, PortElement rule) =>
        element.Protocol == rule.Protocol && element.Range.Overlaps(rule.Range);
}
