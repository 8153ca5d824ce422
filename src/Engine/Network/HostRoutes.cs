using System.Globalization;
using System.Net;
using System.Numerics;

namespace LayerImage.Engine.Network;

/// <summary>The host's IPv4 routes, from /proc/net/route of the calling thread's network namespace.</summary>
internal static class HostRoutes
{
    public static IReadOnlyList<(string Interface, IPNetwork Destination)> Read() => Parse(File.ReadAllText("/proc/thread-self/net/route"));

    internal static IReadOnlyList<(string Interface, IPNetwork Destination)> Parse(string table)
    {
        List<(string, IPNetwork)> routes = [];
        foreach (string line in table.Split('\n').Skip(1))
        {
            string[] fields = line.Split('\t', StringSplitOptions.TrimEntries);
            if (fields.Length > 7)
            {
                routes.Add((fields[0], new IPNetwork(new IPAddress(Number(fields[1])), BitOperations.PopCount(Number(fields[7])))));
            }
        }
        return routes;
    }

    // The kernel prints the address as a number in its own byte order; IPAddress(long) takes the same.
    private static uint Number(string hex) => uint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
