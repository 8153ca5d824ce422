using System.Globalization;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// When firewalld will close the ports that were opened here for a time: it knows, and does not tell. A file in the run
/// folder, a line for each; lines of a firewalld that has ended since, and of times that are over, mean nothing.
/// </summary>
internal sealed class FirewalldTimes(string folder, string owner, TimeProvider clock)
{
    private const int Fields = 5;

    private string FilePath => Path.Combine(folder, "firewalld.times");

    /// <summary>What is left of the time of a rule, or null when it has none that is known.</summary>
    public TimeSpan? Left(PortSetKey key, PortElement element) =>
        Read().Where(line => line.Key == key.Name && line.Protocol == element.Protocol && line.Range == element.Range)
            .Select(line => (TimeSpan?)(line.Until - clock.GetUtcNow())).LastOrDefault();

    /// <summary>Notes a rule's time; null: it has none from now on.</summary>
    public void Note(PortSetKey key, PortElement element, TimeSpan? time)
    {
        List<Line> lines = [.. Read().Where(line => line.Key != key.Name || line.Protocol != element.Protocol || line.Range != element.Range)];
        if (time is { } given)
        {
            lines.Add(new Line(key.Name, element.Protocol, element.Range, clock.GetUtcNow() + given));
        }
        else if (!File.Exists(FilePath))
        {
            return;
        }
        using ConfigurationFile file = ConfigurationFile.Stage(FilePath, string.Concat(lines.Select(line => Format(line) + "\n")));
        file.Commit();
    }

    private IEnumerable<Line> Read() => !File.Exists(FilePath) ? []
        : File.ReadAllLines(FilePath).Select(Parse).OfType<Line>().Where(line => line.Until > clock.GetUtcNow());

    private string Format(Line line) => string.Create(CultureInfo.InvariantCulture,
        $"{owner} {line.Key} {line.Protocol.Name()} {line.Range} {line.Until.ToUnixTimeMilliseconds()}");

    private Line? Parse(string text) => text.Split(' ') is { Length: Fields } parts && parts[0] == owner
        && FirewallProtocols.TryParse(parts[2], out FirewallProtocol protocol) && PortRange.TryParse(parts[3], out PortRange range)
        && long.TryParse(parts[4], CultureInfo.InvariantCulture, out long until)
        ? new Line(parts[1], protocol, range, DateTimeOffset.FromUnixTimeMilliseconds(until)) : null;

    private sealed record Line(string Key, FirewallProtocol Protocol, PortRange Range, DateTimeOffset Until);
}
