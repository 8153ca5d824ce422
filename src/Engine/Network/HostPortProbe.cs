using System.Globalization;
using System.Net;

namespace LayerImage.Engine.Network;

/// <summary>
/// Who has a port open, from /proc/net/{tcp,tcp6,udp,udp6} of the calling thread's network namespace
/// (proc(5); the kernel's Documentation/networking/proc_net_tcp.rst). Processes are searched only when a socket was found.
/// </summary>
internal static class HostPortProbe
{
    private const string ListeningTcp = "0A", UnconnectedUdp = "07";

    /// <summary>The processes that listen on a port from the first to the last one. SCTP has no table of this kind, so nothing is found for it.</summary>
    public static IReadOnlyList<PortListener> Find(int first, int last, PortProtocol protocol)
    {
        if (protocol == PortProtocol.Sctp)
        {
            return [];
        }
        string table = protocol == PortProtocol.Tcp ? "tcp" : "udp";
        List<(IPAddress Address, ushort Port, string Inode)> sockets =
        [
            .. Parse(Read(table), first, last, protocol),
            .. Parse(Read(table + "6"), first, last, protocol),
        ];
        if (sockets.Count == 0)
        {
            return [];
        }
        Dictionary<string, int> owners = FindOwners(sockets.Select(socket => $"socket:[{socket.Inode}]").ToHashSet());
        return sockets.ConvertAll(socket =>
        {
            int? owner = owners.TryGetValue($"socket:[{socket.Inode}]", out int id) ? id : null;
            return new PortListener(protocol, socket.Address, socket.Port, owner, owner is null ? null : NameOf(owner.Value));
        });
    }

    /// <summary>The listening sockets of the ports from the first to the last one in the text of such a table.</summary>
    internal static IEnumerable<(IPAddress Address, ushort Port, string Inode)> Parse(string table, int first, int last, PortProtocol protocol)
    {
        string state = protocol == PortProtocol.Tcp ? ListeningTcp : UnconnectedUdp;
        foreach (string line in table.Split('\n').Skip(1))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length <= 9 || fields[3] != state)
            {
                continue;
            }
            int colon = fields[1].IndexOf(':', StringComparison.Ordinal);
            ushort port = ushort.Parse(fields[1].AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (first <= port && port <= last)
            {
                yield return (ParseAddress(fields[1][..colon]), port, fields[9]);
            }
        }
    }

    // The kernel prints each 32-bit word of an address as a number in its own byte order.
    private static IPAddress ParseAddress(string hex)
    {
        byte[] bytes = new byte[hex.Length / 2];
        for (int word = 0; word < bytes.Length / 4; word++)
        {
            uint value = uint.Parse(hex.AsSpan(word * 8, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            BitConverter.TryWriteBytes(bytes.AsSpan(word * 4), value);
        }
        return new IPAddress(bytes);
    }

    private static string Read(string table)
    {
        string path = $"/proc/thread-self/net/{table}";
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    private static Dictionary<string, int> FindOwners(HashSet<string> wanted)
    {
        Dictionary<string, int> owners = [];
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                continue;
            }
            try
            {
                foreach (string descriptor in Directory.EnumerateFiles(Path.Combine(directory, "fd")))
                {
                    if (new FileInfo(descriptor).LinkTarget is string target && wanted.Contains(target))
                    {
                        owners.TryAdd(target, id);
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The process ended meanwhile, or it is another user's.
            }
            if (owners.Count == wanted.Count)
            {
                break;
            }
        }
        return owners;
    }

    private static string? NameOf(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/comm").TrimEnd('\n');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
