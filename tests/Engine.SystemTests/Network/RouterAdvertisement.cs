using System.Net;
using System.Net.Sockets;
using Xunit;

namespace LayerImage.Engine.SystemTests.Network;

/// <summary>What a container with the capability NET_RAW can tell its neighbours: "I am a router of 2001:db8:bad0::/64" (RFC 4861).</summary>
internal static class RouterAdvertisement
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>Sends it from the calling thread's network namespace to all nodes of eth0; returns whether it went out.</summary>
    public static bool Send()
    {
        // Type, code, checksum (the kernel's), hop limit, flags, router lifetime 1800 s, two timers; then the prefix with
        // "on link" and "autonomous", and its two lifetimes.
        byte[] message =
        [
            134, 0, 0, 0, 64, 0, 0x07, 0x08, .. new byte[8],
            3, 4, 64, 0xC0, 0, 0, 0x0E, 0x10, 0, 0, 0x0E, 0x10, 0, 0, 0, 0,
            .. IPAddress.Parse("2001:db8:bad0::").GetAddressBytes(),
        ];
        using Socket socket = new(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
        socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, 255);
        long start = Environment.TickCount64;
        while (Environment.TickCount64 - start < s_patience.TotalMilliseconds)
        {
            try
            {
                // Only from a link-local address, which the kernel first asks the neighbours about: a second or two.
                socket.SendTo(message, new IPEndPoint(IPAddress.Parse("ff02::1%eth0"), 0));
                Thread.Sleep(300); // for those who would believe it
                return true;
            }
            catch (SocketException)
            {
                Thread.Sleep(100);
            }
        }
        Assert.Fail("No router advertisement could be sent.");
        return false;
    }
}
