using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Firewall;

/// <summary>A table of somebody else's that keeps new connections from a port.</summary>
/// <param name="Where">Table, chain and what drops: <c>ip filter, chain FORWARD: policy drop</c>.</param>
/// <param name="InPart">Only some senders are kept out, or it cannot be told: a rule before has a match that is not understood here.</param>
internal sealed record PortBlocker(string Where, bool InPart)
{
    public override string ToString() => InPart ? $"{Where}, but for what a rule before it lets in" : Where;
}

/// <summary>
/// What tables of nftables that are not ours and not firewalld's (docker's, ufw's, an administrator's) do to a new connection
/// of another host: a port is open only where every table lets it in. The rules of iptables-nft are among them, those of
/// iptables-legacy are not.
/// </summary>
internal sealed class OtherTables
{
    private const string Own = "layerimage", Firewalld = "firewalld";

    private readonly ILookup<(string Family, string Table), NftChain> _chains;

    private OtherTables(IEnumerable<NftChain> chains) => _chains = chains.ToLookup(chain => (chain.Family, chain.Table));

    /// <summary>Reads the ruleset that the kernel has now, by nft.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.NotPrivileged"/>, <see cref="EngineError.FirewallFailed"/>,
    /// <see cref="EngineError.ToolMissing"/>.</exception>
    public static OtherTables Read() => Parse(new NftProgram().Text("ruleset", EngineError.FirewallFailed));

    public static OtherTables Parse(string ruleset) => new(NftRuleset.Parse(ruleset)
        .Where(chain => chain.Family is "ip" or "inet" && chain.Table != Firewalld && !chain.Table.StartsWith(Own, StringComparison.Ordinal)));

    /// <summary>What keeps other hosts from a port.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="port">The port that they ask for.</param>
    /// <param name="containerPort">The port of the container that publishes it; null: a program of the host listens.</param>
    public IReadOnlyList<PortBlocker> Find(FirewallProtocol protocol, int port, int? containerPort)
    {
        (string Hook, NewConnection Packet)[] way =
        [
            ("prerouting", new NewConnection(protocol, port, IsForwarded: null)),
            containerPort is { } translated
                ? ("forward", new NewConnection(protocol, translated, IsForwarded: true))
                : ("input", new NewConnection(protocol, port, IsForwarded: false)),
        ];
        return [.. from hook in way
                   from table in _chains
                   from chain in table
                   where chain.Hook == hook.Hook && chain.Type == "filter"
                   let blocker = Pass(chain, table, hook.Packet)
                   where blocker is not null
                   select blocker];
    }

    private static PortBlocker? Pass(NftChain chain, IEnumerable<NftChain> table, NewConnection packet)
    {
        Walk walk = new(table.DistinctBy(other => other.Name).ToDictionary(other => other.Name), packet);
        (Fate fate, string? where) = walk.Through(chain, depth: 0);
        return fate switch
        {
            Fate.Dropped => new PortBlocker(where!, walk.MayHavePassed),
            Fate.Undecided when chain.DropsByPolicy =>
                new PortBlocker($"{chain.Family} {chain.Table}, chain {chain.Name}: policy drop", walk.MayHavePassed),
            _ => null,
        };
    }

    private enum Fate
    {
        Undecided,
        Accepted,
        Dropped,
    }

    /// <summary>One packet's way through a table.</summary>
    private sealed class Walk(Dictionary<string, NftChain> chains, NewConnection packet)
    {
        // The kernel's bound (NFT_JUMP_STACK_SIZE).
        private const int MaxDepth = 16;

        /// <summary>A rule that may fit or not would have let it in.</summary>
        public bool MayHavePassed { get; private set; }

        public (Fate Fate, string? Where) Through(NftChain chain, int depth)
        {
            bool mayHaveReturned = false;
            foreach (IReadOnlyList<string> rule in chain.Rules)
            {
                (bool? fits, string verdict, string? target) = packet.Read(rule);
                if (fits == false || verdict.Length == 0)
                {
                    continue;
                }
                bool isSure = fits == true && !mayHaveReturned;
                switch (verdict)
                {
                    case "return" when fits == true:
                        return (Fate.Undecided, null);
                    case "return":
                        mayHaveReturned = true;
                        break;
                    case "accept" when isSure:
                        return (Fate.Accepted, null);
                    case "accept":
                        MayHavePassed = true;
                        break;
                    case "drop" or "reject" when isSure:
                        return (Fate.Dropped, $"{chain.Family} {chain.Table}, chain {chain.Name}: {verdict}");
                    case "jump" or "goto" when depth < MaxDepth && chains.TryGetValue(target ?? "", out NftChain? next):
                        (Fate Fate, string? Where) below = Through(next, depth + 1);
                        if (isSure && (below.Fate != Fate.Undecided || verdict == "goto"))
                        {
                            return below;
                        }
                        MayHavePassed |= below.Fate == Fate.Accepted;
                        break;
                    default:
                        // What is dropped for some only says nothing of the others.
                        break;
                }
            }
            return (Fate.Undecided, null);
        }
    }
}
