using LayerImage.Engine.Firewall;
using Xunit;

namespace LayerImage.Engine.Tests.Firewall;

public class OtherTablesTests
{
    private static string[] Find(string ruleset, int port, int? containerPort = null, FirewallProtocol protocol = FirewallProtocol.Tcp) =>
        [.. OtherTables.Parse(ruleset).Find(protocol, port, containerPort).Select(blocker => blocker.ToString())];

    private const string Workstation = """
        table inet filter {
        	set known {
        		type ipv4_addr
        		elements = { 10.0.0.1, 10.0.0.2 }
        	}
        	chain input {
        		type filter hook input priority filter; policy drop;
        		ct state vmap { established : accept, related : accept, invalid : drop }
        		ct state invalid drop
        		iif "lo" accept
        		meta l4proto { icmp, ipv6-icmp } accept
        		tcp dport { 22, 80, 443,
        			     8000-8010 } accept
        		ip saddr @known tcp dport 5432 accept
        		udp dport 53 counter accept
        		limit rate 5/minute burst 5 packets log prefix "drop accept " level warn
        	}
        	chain forward {
        		type filter hook forward priority filter; policy accept;
        	}
        }

        """;

    [Fact]
    public void PolicyDrop_KeepsOutWhatNoRuleLetsIn()
    {
        Assert.Equal(["inet filter, chain input: policy drop"], Find(Workstation, 9200));
        Assert.Empty(Find(Workstation, 80));
        Assert.Empty(Find(Workstation, 8005));
        Assert.Empty(Find(Workstation, 53, protocol: FirewallProtocol.Udp));
        Assert.Equal(["inet filter, chain input: policy drop"], Find(Workstation, 53));
        Assert.Equal(["inet filter, chain input: policy drop"], Find(Workstation, 80, protocol: FirewallProtocol.Udp));
        // Only for some senders.
        Assert.Equal(["inet filter, chain input: policy drop, but for what a rule before it lets in"], Find(Workstation, 5432));
        // To a container it does not pass there.
        Assert.Empty(Find(Workstation, 9200, containerPort: 8080));
    }

    [Fact]
    public void DockersForwardPolicy_KeepsOthersFromPublishedPorts()
    {
        const string Docker = """
            # Warning: table ip filter is managed by iptables-nft, do not touch!
            table ip filter {
            	chain DOCKER {
            		iifname != "docker0" oifname "docker0" ip daddr 172.17.0.2 tcp dport 80 counter accept
            	}
            	chain DOCKER-USER {
            		counter return
            	}
            	chain FORWARD {
            		type filter hook forward priority filter; policy drop;
            		counter jump DOCKER-USER
            		oifname "docker0" ct state related,established counter accept
            		oifname "docker0" counter jump DOCKER
            		iifname "docker0" oifname != "docker0" counter accept
            		iifname "limg0" counter accept
            	}
            }
            """;

        Assert.Equal(["ip filter, chain FORWARD: policy drop"], Find(Docker, 8081, containerPort: 8080));
        Assert.Empty(Find(Docker.Replace("counter return", "oifname \"limg0\" counter accept"), 8081, containerPort: 8080));
        Assert.Empty(Find(Docker, 8081));
    }

    [Fact]
    public void Ufw_IsUnderstoodThroughItsChains()
    {
        const string Ufw = """
            table ip filter {
            	chain ufw-before-input {
            		iifname "lo" counter accept
            		ct state related,established counter accept
            		ct state invalid counter drop
            		counter jump ufw-not-local
            		ip daddr 224.0.0.251 udp dport 5353 counter accept
            		counter jump ufw-user-input
            	}
            	chain ufw-not-local {
            		fib daddr type local counter return
            		fib daddr type multicast counter return
            		counter drop
            	}
            	chain ufw-user-input {
            		tcp dport 22 counter accept
            		ip saddr 192.0.2.0/24 tcp dport 5432 counter accept
            		tcp dport 25 counter reject with icmp type port-unreachable
            		xt match "multiport" tcp dport 7000 counter accept
            	}
            	chain INPUT {
            		type filter hook input priority filter; policy drop;
            		counter jump ufw-before-input
            	}
            }
            table inet layerimage_firewall {
            	chain input {
            		type filter hook input priority filter; policy drop;
            	}
            }
            table inet firewalld {
            	chain filter_INPUT {
            		type filter hook input priority filter + 10; policy drop;
            	}
            }
            table ip6 filter {
            	chain INPUT {
            		type filter hook input priority filter; policy drop;
            	}
            }
            """;

        Assert.Empty(Find(Ufw, 22));
        Assert.Equal(["ip filter, chain INPUT: policy drop"], Find(Ufw, 9200));
        Assert.Equal(["ip filter, chain ufw-user-input: reject"], Find(Ufw, 25));
        Assert.Equal(["ip filter, chain INPUT: policy drop, but for what a rule before it lets in"], Find(Ufw, 5432));
        Assert.Equal(["ip filter, chain INPUT: policy drop, but for what a rule before it lets in"], Find(Ufw, 7000));
        Assert.Equal(["ip filter, chain INPUT: policy drop"], Find(Ufw, 22, protocol: FirewallProtocol.Udp));
    }

    [Theory]
    [InlineData("tcp dport != 22 drop", 9200, true)]
    [InlineData("tcp dport != 22 drop", 22, false)]
    [InlineData("tcp dport != { 22, 80 } drop", 80, false)]
    [InlineData("tcp dport 9000-9300 reject with tcp reset", 9200, true)]
    [InlineData("th dport 9200 drop", 9200, true)]
    [InlineData("ip protocol tcp drop", 9200, true)]
    [InlineData("meta l4proto 17 drop", 9200, false)]
    [InlineData("ip saddr 203.0.113.9 drop", 9200, false)]
    [InlineData("meta mark 0x1 drop", 9200, false)]
    [InlineData("iifname \"lo\" drop", 9200, false)]
    [InlineData("iifname != \"lo\" drop", 9200, true)]
    [InlineData("ct state new drop", 9200, true)]
    [InlineData("ct state established,related,new drop", 9200, true)]
    [InlineData("ct state != new drop", 9200, false)]
    [InlineData("log prefix \"a drop b\" accept", 9200, false)]
    [InlineData("counter comment \"drop\"", 9200, false)]
    [InlineData("jump nowhere", 9200, false)]
    [InlineData("jump self", 9200, false)]
    [InlineData("goto strict", 9200, true)]
    public void Rule_FitsOrNot(string rule, int port, bool blocks) => Assert.Equal(blocks, Find($$"""
        table ip mine {
        	chain self {
        		jump self
        	}
        	chain strict {
        		drop
        	}
        	chain input {
        		type filter hook input priority 0; policy accept;
        		{{rule}}
        	}
        }
        """, port).Length > 0);
}
