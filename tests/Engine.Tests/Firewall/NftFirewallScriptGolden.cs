namespace LayerImage.Engine.Tests.Firewall;

/// <summary>The whole table for one zone.</summary>
internal static class NftFirewallScriptGolden
{
    public const string OneZone = """
        add table inet layerimage_firewall
        delete table inet layerimage_firewall
        table inet layerimage_firewall {
        	set owned.public {
        		type inet_proto . inet_service
        		flags interval,timeout
        		elements = { tcp . 8081 comment "0123456789ab" }
        	}
        	set ports.public {
        		type inet_proto . inet_service
        		flags interval,timeout
        		elements = { tcp . 8000-8020, udp . 53 }
        	}
        	set ports.public.c0000200.24 {
        		type inet_proto . inet_service
        		flags interval,timeout
        		elements = { tcp . 5432 }
        	}
        	chain in.public.sources {
        		ip saddr 192.0.2.0/24 meta l4proto . th dport @ports.public.c0000200.24 accept
        	}
        	chain fwd.public.sources {
        		ip saddr 192.0.2.0/24 meta l4proto tcp meta l4proto . ct original proto-dst @ports.public.c0000200.24 accept
        		ip saddr 192.0.2.0/24 meta l4proto udp meta l4proto . ct original proto-dst @ports.public.c0000200.24 accept
        		ip saddr 192.0.2.0/24 meta l4proto sctp meta l4proto . ct original proto-dst @ports.public.c0000200.24 accept
        		ip saddr 192.0.2.0/24 meta l4proto dccp meta l4proto . ct original proto-dst @ports.public.c0000200.24 accept
        	}
        	chain in.public {
        		meta l4proto . th dport @ports.public accept
        		meta l4proto . th dport @owned.public accept
        		jump in.public.sources
        		tcp dport 22 accept comment "service ssh"
        		ip6 daddr fe80::/64 udp dport 546 accept comment "service dhcpv6-client"
        		meta l4proto { 1, 58 } accept comment "icmp, ipv6-icmp"
        		reject with icmpx admin-prohibited comment "target default"
        	}
        	chain fwd.public {
        		ct status & dnat == 0 reject with icmpx admin-prohibited
        		meta l4proto tcp meta l4proto . ct original proto-dst @ports.public accept
        		meta l4proto udp meta l4proto . ct original proto-dst @ports.public accept
        		meta l4proto sctp meta l4proto . ct original proto-dst @ports.public accept
        		meta l4proto dccp meta l4proto . ct original proto-dst @ports.public accept
        		meta l4proto tcp meta l4proto . ct original proto-dst @owned.public accept
        		meta l4proto udp meta l4proto . ct original proto-dst @owned.public accept
        		meta l4proto sctp meta l4proto . ct original proto-dst @owned.public accept
        		meta l4proto dccp meta l4proto . ct original proto-dst @owned.public accept
        		jump fwd.public.sources
        		meta l4proto tcp ct original proto-dst 22 accept comment "service ssh"
        		reject with icmpx admin-prohibited comment "target default"
        	}
        	chain input {
        		type filter hook input priority filter; policy accept;
        		ct state established,related accept
        		iifname "lo" accept
        		icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } accept
        		ct state invalid drop
        		ether saddr 02:00:00:00:00:01 goto in.public comment "bind public source 02:00:00:00:00:01"
        		ip saddr 10.1.0.0/16 goto in.public comment "bind public source 10.1.0.0/16"
        		ip saddr 10.0.0.0/8 goto in.public comment "bind public source 10.0.0.0/8"
        		iifname "eth0" goto in.public comment "bind public interface eth0"
        		iifname "wlan*" goto in.public comment "bind public interface wlan+"
        		goto in.public comment "bind public default"
        	}
        	chain forward {
        		type filter hook forward priority filter; policy accept;
        		ct state established,related accept
        		oifname != "limg0" accept
        		iifname "limg0" accept
        		ether saddr 02:00:00:00:00:01 goto fwd.public comment "bind public source 02:00:00:00:00:01"
        		ip saddr 10.1.0.0/16 goto fwd.public comment "bind public source 10.1.0.0/16"
        		ip saddr 10.0.0.0/8 goto fwd.public comment "bind public source 10.0.0.0/8"
        		iifname "eth0" goto fwd.public comment "bind public interface eth0"
        		iifname "wlan*" goto fwd.public comment "bind public interface wlan+"
        		goto fwd.public comment "bind public default"
        	}
        }

        """;
}
