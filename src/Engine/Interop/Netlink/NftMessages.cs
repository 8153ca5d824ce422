using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using LayerImage.Engine.Errors;
using static LayerImage.Engine.Interop.Netlink.NetlinkMessage;

namespace LayerImage.Engine.Interop.Netlink;

/// <summary>An element of a set or map, as the kernel takes it.</summary>
/// <param name="First">The key, or its lower bound: each field of a concatenation in network order, padded to 4 bytes.</param>
/// <param name="Last">Its upper bound, inclusive, where keys are concatenated intervals (nft(8): "flags interval"); else null.</param>
/// <param name="Data">What it maps to, in the same form; null in a set.</param>
internal readonly record struct NftElement(byte[] First, byte[]? Last = null, byte[]? Data = null)
{
    /// <summary>Its whole life, in a set with timeouts, or null for ever.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What is left of the element's timeout.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>What nft shows as its comment: at most 128 bytes of ASCII.</summary>
    public string? Comment { get; init; }
}

/// <summary>The comment of a rule, and the chain that it is in.</summary>
internal readonly record struct NftRuleComment(string Chain, string Comment);

/// <summary>The families of tables that are used here (linux/netfilter.h).</summary>
internal enum NftFamily : byte
{
    /// <summary>The family of tables for IPv4 and IPv6.</summary>
    Inet = 1,

    /// <summary>Frames that a bridge forwards or takes in.</summary>
    Bridge = 7,
}

/// <summary>
/// The few requests to nf_tables that come with every container and every change of a port, as values, and what lists these;
/// what is longer than an element is nft's to make.
/// Numbers: linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h.
/// </summary>
internal static class NftMessages
{
    private const ushort NFNL_SUBSYS_NFTABLES = 10, NFNL_MSG_BATCH_BEGIN = 16, NFNL_MSG_BATCH_END = 17;
    private const ushort NFT_MSG_GETTABLE = 1, NFT_MSG_GETCHAIN = 4, NFT_MSG_GETRULE = 7, NFT_MSG_GETSET = 10, NFT_MSG_GETGEN = 16;
    private const ushort NFT_MSG_NEWSETELEM = 12, NFT_MSG_GETSETELEM = 13, NFT_MSG_DELSETELEM = 14;
    private const ushort NFTA_TABLE_NAME = 1, NFTA_CHAIN_TABLE = 1, NFTA_CHAIN_NAME = 3, NFTA_SET_TABLE = 1, NFTA_SET_NAME = 2;
    private const ushort NFTA_RULE_TABLE = 1, NFTA_RULE_CHAIN = 2, NFTA_RULE_USERDATA = 7;
    private const ushort NFTA_GEN_ID = 1, NFTA_LIST_ELEM = 1, NFTA_DATA_VALUE = 1;
    private const ushort NFTA_SET_ELEM_LIST_TABLE = 1, NFTA_SET_ELEM_LIST_SET = 2, NFTA_SET_ELEM_LIST_ELEMENTS = 3;
    private const ushort NFTA_SET_ELEM_KEY = 1, NFTA_SET_ELEM_DATA = 2, NFTA_SET_ELEM_USERDATA = 6, NFTA_SET_ELEM_KEY_END = 10;
    private const ushort NFTA_SET_ELEM_TIMEOUT = 4, NFTA_SET_ELEM_EXPIRATION = 5;

    // libnftnl/udata.h: a comment's type, of rules and of elements.
    private const byte NFTNL_UDATA_COMMENT = 0;

    private const byte NFPROTO_UNSPEC = 0;

    /// <summary>How many elements one message may hold: an attribute's length has 16 bits.</summary>
    private const int MostElements = 400;

    /// <summary>Whether the table "inet NAME" is there, in the calling thread's network namespace.</summary>
    /// <exception cref="LinuxException">The kernel did not say.</exception>
    public static bool HasTable(string table) =>
        IsThere(Request(NFT_MSG_GETTABLE, 0).Attribute(NFTA_TABLE_NAME, table), table);

    /// <summary>Whether a chain of the table "inet TABLE" is there.</summary>
    /// <exception cref="LinuxException">The kernel did not say.</exception>
    public static bool HasChain(string table, string chain) =>
        IsThere(Request(NFT_MSG_GETCHAIN, 0).Attribute(NFTA_CHAIN_TABLE, table).Attribute(NFTA_CHAIN_NAME, chain), $"{table} {chain}");

    /// <summary>Whether a chain of the table "inet TABLE" is there and has a rule.</summary>
    /// <exception cref="LinuxException">The kernel did not say.</exception>
    public static bool HasRule(string table, string chain)
    {
        if (!HasChain(table, chain))
        {
            return false;
        }
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        return socket.List(Request(NFT_MSG_GETRULE, NLM_F_DUMP).Attribute(NFTA_RULE_TABLE, table).Attribute(NFTA_RULE_CHAIN, chain)).Count > 0;
    }

    /// <summary>Whether a set or map of a table has an element with this key.</summary>
    /// <exception cref="LinuxException">The kernel did not say.</exception>
    public static bool HasElement(string table, string map, NftElement element, NftFamily family = NftFamily.Inet) =>
        IsThere(Elements(NFT_MSG_GETSETELEM, 0, family, table, map, [element]).Single(), $"{table} {map}");

    /// <summary>The number of the ruleset's last change, by whomever; what was listed between two equal ones belongs together.</summary>
    /// <exception cref="LinuxException">The kernel did not say.</exception>
    public static uint Generation(NetlinkSocket socket) => socket.List(Request(NFT_MSG_GETGEN, 0)) is [var answer, ..]
        && Find(Attributes(answer), NFTA_GEN_ID) is { Length: 4 } number
        ? BinaryPrimitives.ReadUInt32BigEndian(number)
        : throw new LinuxException("netlink", LinuxException.EPERM, "nf_tables");

    /// <summary>The names of the sets and maps of the table "inet TABLE".</summary>
    public static IEnumerable<string> ListSets(NetlinkSocket socket, string table) =>
        socket.List(Request(NFT_MSG_GETSET, NLM_F_DUMP).Attribute(NFTA_SET_TABLE, table)).Select(answer => Text(Find(Attributes(answer), NFTA_SET_NAME)));

    /// <summary>The elements of a set.</summary>
    public static IEnumerable<NftElement> ListElements(NetlinkSocket socket, string table, string set, NftFamily family = NftFamily.Inet) =>
        from answer in socket.List(Request(NFT_MSG_GETSETELEM, NLM_F_DUMP, family)
            .Attribute(NFTA_SET_ELEM_LIST_TABLE, table)
            .Attribute(NFTA_SET_ELEM_LIST_SET, set))
        from entry in FindAll(Find(Attributes(answer), NFTA_SET_ELEM_LIST_ELEMENTS), NFTA_LIST_ELEM)
        select Element(entry);

    /// <summary>The comments of the rules of the table "inet TABLE", in their order in each chain.</summary>
    public static IEnumerable<NftRuleComment> ListComments(NetlinkSocket socket, string table) =>
        from answer in socket.List(Request(NFT_MSG_GETRULE, NLM_F_DUMP).Attribute(NFTA_RULE_TABLE, table))
        let comment = Comment(Find(Attributes(answer), NFTA_RULE_USERDATA))
        where comment is not null
        select new NftRuleComment(Text(Find(Attributes(answer), NFTA_RULE_CHAIN)), comment);

    /// <summary>Requests that add elements to a set or map of a table; one that is there already is no error.</summary>
    public static IEnumerable<NetlinkMessage> Add(string table, string map, IEnumerable<NftElement> elements, NftFamily family = NftFamily.Inet) =>
        Elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, table, map, elements);

    /// <summary>Requests that delete elements of a set or map of a table; one that is not there fails all.</summary>
    public static IEnumerable<NetlinkMessage> Delete(string table, string map, IEnumerable<NftElement> elements, NftFamily family = NftFamily.Inet) =>
        Elements(NFT_MSG_DELSETELEM, 0, family, table, map, elements);

    /// <summary>The message that opens a transaction.</summary>
    public static NetlinkMessage Begin() => Boundary(NFNL_MSG_BATCH_BEGIN);

    /// <summary>The message that commits it.</summary>
    public static NetlinkMessage End() => Boundary(NFNL_MSG_BATCH_END);

    private static bool IsThere(NetlinkMessage question, string what)
    {
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        return socket.TryExecute(question) switch
        {
            0 => true,
            LinuxException.ENOENT => false,
            int errno => throw new LinuxException("netlink", errno, what),
        };
    }

    private static IEnumerable<NetlinkMessage> Elements(
        ushort verb,
        ushort flags,
        NftFamily family,
        string table,
        string map,
        IEnumerable<NftElement> elements) =>
        elements.Chunk(MostElements).Select(chunk => Request(verb, flags, family)
            .Attribute(NFTA_SET_ELEM_LIST_TABLE, table)
            .Attribute(NFTA_SET_ELEM_LIST_SET, map)
            .Nest(NFTA_SET_ELEM_LIST_ELEMENTS, list => Array.ForEach(chunk, element => list.Nest(NFTA_LIST_ELEM, entry =>
            {
                Value(entry, NFTA_SET_ELEM_KEY, element.First);
                if (element.Last is not null)
                {
                    Value(entry, NFTA_SET_ELEM_KEY_END, element.Last);
                }
                if (verb == NFT_MSG_NEWSETELEM && element.Data is not null)
                {
                    Value(entry, NFTA_SET_ELEM_DATA, element.Data);
                }
                if (verb == NFT_MSG_NEWSETELEM)
                {
                    AppendLife(entry, element);
                }
            }))));

    private static void AppendLife(NetlinkMessage entry, NftElement element)
    {
        foreach ((ushort type, TimeSpan? time) in (ReadOnlySpan<(ushort, TimeSpan?)>)[
            (NFTA_SET_ELEM_TIMEOUT, element.Timeout),
            (NFTA_SET_ELEM_EXPIRATION, element.Expires),
        ])
        {
            if (time is { } given)
            {
                byte[] milliseconds = new byte[8];
                BinaryPrimitives.WriteUInt64BigEndian(milliseconds, (ulong)Math.Max(1, given.TotalMilliseconds));
                entry.Attribute(type, milliseconds);
            }
        }
        if (element.Comment is { } comment)
        {
            byte[] text = Encoding.ASCII.GetBytes(comment + "\0");
            entry.Attribute(NFTA_SET_ELEM_USERDATA, [NFTNL_UDATA_COMMENT, (byte)text.Length, .. text]);
        }
    }

    private static NftElement Element(ReadOnlySpan<byte> entry)
    {
        ReadOnlySpan<byte> last = Find(Find(entry, NFTA_SET_ELEM_KEY_END), NFTA_DATA_VALUE), data = Find(Find(entry, NFTA_SET_ELEM_DATA), NFTA_DATA_VALUE);
        return new NftElement(
            Find(Find(entry, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE).ToArray(),
            last.IsEmpty ? null : last.ToArray(),
            data.IsEmpty ? null : data.ToArray())
        {
            Timeout = Time(Find(entry, NFTA_SET_ELEM_TIMEOUT)),
            Expires = Time(Find(entry, NFTA_SET_ELEM_EXPIRATION)),
            Comment = Comment(Find(entry, NFTA_SET_ELEM_USERDATA)),
        };
    }

    private static TimeSpan? Time(ReadOnlySpan<byte> milliseconds) =>
        milliseconds.Length == 8 ? TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt64BigEndian(milliseconds)) : null;

    // User data is a row of type, length and value, a byte each for the first two.
    private static string? Comment(ReadOnlySpan<byte> userData)
    {
        while (userData.Length >= 2 && userData.Length >= 2 + userData[1])
        {
            if (userData[0] == NFTNL_UDATA_COMMENT)
            {
                return Text(userData.Slice(2, userData[1]));
            }
            userData = userData[(2 + userData[1])..];
        }
        return null;
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.ASCII.GetString(value.TrimEnd((byte)0));

    // After struct nfgenmsg.
    private static ReadOnlySpan<byte> Attributes(byte[] answer) => answer.AsSpan(Math.Min(4, answer.Length));

    private static void Value(NetlinkMessage entry, ushort type, byte[] value) =>
        entry.Nest(type, data => data.Attribute(NFTA_DATA_VALUE, value));

    private static NetlinkMessage Request(ushort verb, ushort flags, NftFamily family = NftFamily.Inet) =>
        new NetlinkMessage((ushort)((NFNL_SUBSYS_NFTABLES << 8) | verb), flags).Fixed(new Header { Family = (byte)family });

    // Unacknowledged: kernels differ in whether they answer these two at all.
    private static NetlinkMessage Boundary(ushort type) => new NetlinkMessage(type, 0, isAcknowledged: false)
        .Fixed(new Header { Family = NFPROTO_UNSPEC, Resource = BinaryPrimitives.ReverseEndianness(NFNL_SUBSYS_NFTABLES) });

    // struct nfgenmsg: the resource is in network order.
    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public byte Family;
        public byte Version;
        public ushort Resource;
    }
}
