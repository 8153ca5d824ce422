using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// Whether firewalld filters in this network namespace. Its name on the system bus says that it lives (it takes the name
/// before its rules are there), and the namespace of the process behind the name whose packets it filters.
/// </summary>
internal static class FirewalldPresence
{
    /// <summary>The environment variable that names another system bus (dbus-daemon(1)).</summary>
    public const string BusVariable = "DBUS_SYSTEM_BUS_ADDRESS";

    private const string Table = "firewalld";

    /// <summary>firewalld of the calling thread's network namespace, or null when none runs there.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallFailed"/>: its rules filter, and it does not answer.</exception>
    public static FirewalldBus? Find(EngineOptions options)
    {
        FirewalldBus? bus = FirewalldBus.TryOpen(BusAddress(options), options.FirewalldPatience);
        if (bus is not null && ProcessNetwork.IsOurs(bus.ProcessId))
        {
            return bus;
        }
        bus?.Dispose();
        // An ordinary user cannot ask the kernel; what rules there are is not his to change either.
        return Environment.IsPrivilegedProcess && NftMessages.HasTable(Table) ? throw Orphaned() : null;
    }

    public static string BusAddress(EngineOptions options) =>
        options.EnvironmentVariable(BusVariable) is { Length: > 0 } address ? address : "unix:path=/run/dbus/system_bus_socket";

    private static LayerImageException Orphaned() => new(EngineError.FirewallFailed,
        "firewalld's rules filter this host, and firewalld does not answer on the system bus: it ended without taking them away, or the bus is down.")
    {
        Target = $"inet {Table}",
        Advice = "Start it again (systemctl restart firewalld), or take its rules away (nft delete table inet firewalld). Nothing was changed.",
    };
}
