using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Firewall;

/// <summary>What a table holds of what is read back: its sets, and the comments of its rules.</summary>
/// <param name="Sets">By name.</param>
/// <param name="Comments">In the order of the rules of each chain.</param>
internal sealed record NftTableContents(IReadOnlyDictionary<string, IReadOnlyList<NftElement>> Sets, IReadOnlyList<NftRuleComment> Comments)
{
    // Each change of anybody's ruleset has another number; a host where they never stop is read as it comes.
    private const int MostTries = 20;

    /// <summary>
    /// Asks the kernel, in the calling thread's network namespace: a few messages instead of a program, and 10,000 elements in
    /// 20 ms. What was changed in between is asked for again.
    /// </summary>
    /// <exception cref="LinuxException">The kernel did not say.</exception>
    public static NftTableContents Read(string table)
    {
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        for (int i = 1; ; i++)
        {
            uint generation = NftMessages.Generation(socket);
            NftTableContents contents = new(
                NftMessages.ListSets(socket, table)
                    .ToDictionary(set => set, set => (IReadOnlyList<NftElement>)[.. NftMessages.ListElements(socket, table, set)]),
                [.. NftMessages.ListComments(socket, table)]);
            if (i == MostTries || NftMessages.Generation(socket) == generation)
            {
                return contents;
            }
        }
    }
}
