using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Base;

/// <summary>The SSH connection that this session came in by, if it did.</summary>
internal static class RemoteSession
{
    private const string Variable = "SSH_CONNECTION";
    private const int MaximumAncestors = 32;

    /// <summary>The connection, or null for a session at the machine itself.</summary>
    public static HostConnection? Find() => Parse(Environment.GetEnvironmentVariable(Variable) ?? FindAbove());

    /// <summary>Reads what sshd(8) says: client address, client port, server address, server port.</summary>
    internal static HostConnection? Parse(string? text) => text?.Split(' ') is [var client, _, var server, var port]
        && IPAddress.TryParse(client, out IPAddress? from) && IPAddress.TryParse(server, out IPAddress? to)
        && ushort.TryParse(port, CultureInfo.InvariantCulture, out ushort number) && InterfaceOf(to) is { } by
        ? new HostConnection(number, FirewallProtocol.Tcp, from, by) : null;

    // None when the session has gone into another network namespace, whose firewall does not concern it.

    private static string? InterfaceOf(IPAddress address) => NetworkInterface.GetAllNetworkInterfaces()
        .FirstOrDefault(candidate => candidate.GetIPProperties().UnicastAddresses.Any(own => own.Address.Equals(address)))?.Name;

    // sudo and su take the variable away from root, not from the shell that they were started in.
    private static string? FindAbove()
    {
        try
        {
            int process = Environment.ProcessId;
            for (int i = 0; i < MaximumAncestors && process > 1; i++)
            {
                string status = File.ReadAllText($"/proc/{process}/stat");
                process = int.Parse(status[(status.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
                string? found = File.ReadAllText($"/proc/{process}/environ").Split('\0')
                    .FirstOrDefault(line => line.StartsWith(Variable + "=", StringComparison.Ordinal));
                if (found is not null)
                {
                    return found[(Variable.Length + 1)..];
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            // A process that ended meanwhile, or another user's.
        }
        return null;
    }
}
