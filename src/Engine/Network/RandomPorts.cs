using System.Globalization;

namespace LayerImage.Engine.Network;

/// <summary>
/// The host ports to try for a port that may be any: the kernel's range for outgoing connections less the
/// ports the administrator reserved, as docker does it.
/// </summary>
internal sealed record RandomPorts(ushort First, ushort Last, IReadOnlyList<(ushort First, ushort Last)> Reserved)
{
    private const ushort FallbackFirst = 49153, FallbackLast = 65535;

    /// <summary>What the kernel says in the calling thread's network namespace.</summary>
    public static RandomPorts Read()
    {
        const string folder = "/proc/sys/net/ipv4/";
        return Parse(ReadOrEmpty(folder + "ip_local_port_range"), ReadOrEmpty(folder + "ip_local_reserved_ports"));
    }

    internal static RandomPorts Parse(string range, string reserved)
    {
        string[] bounds = range.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        bool good = bounds.Length == 2 & ushort.TryParse(bounds.FirstOrDefault(), CultureInfo.InvariantCulture, out ushort first)
            & ushort.TryParse(bounds.LastOrDefault(), CultureInfo.InvariantCulture, out ushort last);
        List<(ushort, ushort)> holes = [];
        foreach (string part in reserved.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = part.Split('-');
            if (ushort.TryParse(ends[0], CultureInfo.InvariantCulture, out ushort low)
                && ushort.TryParse(ends[^1], CultureInfo.InvariantCulture, out ushort high))
            {
                holes.Add((low, high));
            }
        }
        return good ? new RandomPorts(first, last, holes) : new RandomPorts(FallbackFirst, FallbackLast, holes);
    }

    /// <summary>Every first port of <paramref name="count"/> ports in a row, each once, from a random one on.</summary>
    public IEnumerable<ushort> Candidates(int count, Random random)
    {
        int places = Last - First + 2 - count;
        int start = places > 0 ? random.Next(places) : 0;
        for (int i = 0; i < places; i++)
        {
            int port = First + ((start + i) % places);
            if (!Reserved.Any(hole => port <= hole.Last && hole.First < port + count))
            {
                yield return (ushort)port;
            }
        }
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
