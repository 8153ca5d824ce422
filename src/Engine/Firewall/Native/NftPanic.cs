using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Firewall;

/// <summary>Panic mode: a table of its own that drops every packet before anything else sees it, whatever the zones say. Gone after a reboot.</summary>
internal static class NftPanic
{
    private const string Table = "layerimage_panic";

    public static bool IsOn => NftMessages.HasTable(Table);

    public static void Set(bool on)
    {
        if (on != IsOn)
        {
            new NftProgram().Run(on ? On : $"delete table inet {Table}\n", EngineError.FirewallFailed);
        }
    }

    // firewalld's: before connection tracking, the loopback included.
    private static string On => $$"""
        table inet {{Table}} {
            chain prerouting { type filter hook prerouting priority -500; policy drop; }
            chain output { type filter hook output priority -500; policy drop; }
        }

        """;
}
