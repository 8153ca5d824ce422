using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LayerImage.Engine.Runtime;

/// <summary>Makes a container's /etc/resolv.conf, /etc/hosts and /etc/hostname in a folder, to be bind-mounted. As docker makes them.</summary>
internal static class EtcFiles
{
    // docker's fallback where the host knows only resolvers that a container cannot reach: on its own loopback, or by IPv6.
    private static readonly string[] s_fallbackServers = ["8.8.8.8", "8.8.4.4"];

    /// <summary>Where the host's configuration is read; systemd-resolved keeps the true servers in the second.</summary>
    private static readonly string[] s_hostFiles = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

    /// <summary>Writes the three files and returns their mounts. Idempotent.</summary>
    /// <param name="folder">Is made when it does not exist.</param>
    /// <param name="hostname">The container's name for itself.</param>
    /// <param name="addresses">The container's addresses; none in the host's network.</param>
    /// <param name="sharesHostNetwork">In the host's network its loopback resolvers work, and its hosts file is the right one.</param>
    /// <param name="readOnly">The container cannot change them.</param>
    public static IReadOnlyList<BindMount> Write(
        string folder, string hostname, IReadOnlyList<IPAddress> addresses, bool sharesHostNetwork, bool readOnly)
    {
        Directory.CreateDirectory(folder);
        string resolvConf = sharesHostNetwork ? ReadOrEmpty(s_hostFiles[0]) : ResolvConf([.. s_hostFiles.Select(ReadOrEmpty)]);
        string hosts = sharesHostNetwork ? ReadOrEmpty("/etc/hosts") : Hosts(hostname, addresses);
        return
        [
            WriteOne(folder, "resolv.conf", resolvConf, readOnly),
            WriteOne(folder, "hosts", hosts, readOnly),
            WriteOne(folder, "hostname", hostname + "\n", readOnly),
        ];
    }

    /// <summary>
    /// Why containers of a bridge do not ask the host's own servers: these have IPv6 addresses alone, and the bridge has none.
    /// Null when they ask them, or when docker's fallback is all that there is.
    /// </summary>
    public static string? Complain() => Complain([.. s_hostFiles.Select(ReadOrEmpty)]);

    internal static string? Complain(IReadOnlyList<string> hostFiles)
    {
        string[] named = [.. hostFiles.SelectMany(text => text.Split('\n')).Select(Server).OfType<string>()];
        string[] distant = [.. named.Where(server => !IsOnLoopback(server)).Distinct()];
        return distant.Length == 0 || named.Any(IsReachable) ? null
            : $"This host's name servers ({string.Join(", ", distant)}) have IPv6 addresses only, which containers on the bridge cannot reach. They ask {string.Join(" and ", s_fallbackServers)} instead, as docker's do.";
    }

    /// <summary>The first of the host's files that names a server which a container can reach, without the others; else docker's fallback.</summary>
    public static string ResolvConf(IReadOnlyList<string> hostFiles)
    {
        foreach (string text in hostFiles)
        {
            string[] lines = [.. text.Split('\n').Where(line => Server(line) is not string server || IsReachable(server))];
            if (lines.Any(line => Server(line) is not null))
            {
                return string.Join('\n', lines);
            }
        }
        IEnumerable<string> others = hostFiles.Count == 0 ? [] : hostFiles[0].Split('\n').Where(line => line.Length > 0 && Server(line) is null);
        return string.Join('\n', others.Concat(s_fallbackServers.Select(server => "nameserver " + server))) + "\n";
    }

    /// <summary>The container's hosts file.</summary>
    public static string Hosts(string hostname, IReadOnlyList<IPAddress> addresses)
    {
        StringBuilder text = new("""
            127.0.0.1	localhost
            ::1	localhost ip6-localhost ip6-loopback
            fe00::0	ip6-localnet
            ff00::0	ip6-mcastprefix
            ff02::1	ip6-allnodes
            ff02::2	ip6-allrouters

            """);
        // A name with a domain is told with its first part as an alias.
        string[] names = hostname.Contains('.') ? [hostname, hostname.Split('.')[0]] : [hostname];
        foreach (IPAddress address in addresses)
        {
            text.Append(address).Append('\t').AppendJoin(' ', names).Append('\n');
        }
        return text.ToString();
    }

    private static BindMount WriteOne(string folder, string name, string text, bool readOnly)
    {
        string path = Path.Combine(folder, name);
        RuntimeFile.Write(path, Encoding.UTF8.GetBytes(text), RuntimeFile.Shared);
        return new BindMount(path, "/etc/" + name, readOnly);
    }

    private static string ReadOrEmpty(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    private static bool IsReachable(string server) => IPAddress.TryParse(server, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address);

    private static bool IsOnLoopback(string server) => !IPAddress.TryParse(server.Split('%')[0], out IPAddress? address) || IPAddress.IsLoopback(address);

    private static string? Server(string line)
    {
        string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length >= 2 && words[0] == "nameserver" ? words[1] : null;
    }
}
