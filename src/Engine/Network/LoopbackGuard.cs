using System.Net;
using LayerImage.Engine.Interop.Bpf;

namespace LayerImage.Engine.Network;

/// <summary>
/// Drops what comes by a container's cable from or to 127.0.0.0/8, which route_localnet would let at the host's loopback. The
/// rules of <see cref="NetworkRules"/> do the same; whoever flushes the ruleset takes these, and not a program that is the
/// link's own. From Linux 6.6; where it cannot be, the rules are alone.
/// </summary>
/// <remarks>At the cable and not at the bridge: where bridged packets pass iptables (br_netfilter), answers to the host's own
/// connections have their address on the loopback back before they are through the bridge.</remarks>
internal static class LoopbackGuard
{
    private const string Name = "limg_loopback"; // 15 letters at most
    private const int Loopback = 127;

    // linux/bpf.h, linux/bpf_common.h, linux/filter.h
    private const byte MoveRegister = 0xBF, MoveNumber = 0xB7, LoadWord = 0x61, LoadPacketWord = 0x20;
    private const byte ShiftRight = 0x77, JumpIfEqual = 0x15, JumpIfNotEqual = 0x55, Exit = 0x95;
    private const int SKF_NET_OFF = -0x100000, ProtocolOfContext = 16, SourceAddress = 12, DestinationAddress = 16;
    private const int TCX_NEXT = -1, TCX_DROP = 2;

    private static readonly BpfInstruction[] s_program =
    [
        new(MoveRegister, destination: 6, source: 1), // where the loads of packet words look for the context
        new(LoadWord, destination: 2, source: 6, offset: ProtocolOfContext),
        new(JumpIfNotEqual, destination: 2, offset: 6, immediate: (ushort)IPAddress.HostToNetworkOrder((short)0x0800)), // not IPv4: to "next"
        new(LoadPacketWord, immediate: SKF_NET_OFF + DestinationAddress),
        new(ShiftRight, immediate: 24),
        new(JumpIfEqual, offset: 5, immediate: Loopback), // to "drop"
        new(LoadPacketWord, immediate: SKF_NET_OFF + SourceAddress),
        new(ShiftRight, immediate: 24),
        new(JumpIfEqual, offset: 2, immediate: Loopback),
        new(MoveNumber, immediate: TCX_NEXT),
        new(Exit),
        new(MoveNumber, immediate: TCX_DROP),
        new(Exit),
    ];

    /// <summary>Puts the guard at a new link of the calling thread's network namespace; false where it cannot be.</summary>
    public static bool TryAttach(int link) => IngressProgram.TryAttach(link, Name, s_program);
}
