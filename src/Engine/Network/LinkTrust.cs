namespace LayerImage.Engine.Network;

/// <summary>
/// Ends what a link believes of its neighbours. A container may send any frame (NET_RAW is among docker's default
/// capabilities): a router advertisement would give this host, or the other containers, an IPv6 address and a default
/// route that lead to the sender (CVE-2020-13401), a redirect another way to any address.
/// </summary>
internal static class LinkTrust
{
    private static readonly string[] s_settings =
    [
        "ipv6/conf/{0}/accept_ra", "ipv6/conf/{0}/autoconf", "ipv6/conf/{0}/accept_redirects",
        "ipv4/conf/{0}/accept_redirects", "ipv4/conf/{0}/send_redirects",
    ];

    /// <summary>
    /// Ends it for a link of the calling thread's network namespace, before the link is up: the kernel asks for
    /// advertisements as soon as it is. Idempotent, and a few reads when it is ended.
    /// </summary>
    /// <exception cref="Errors.LayerImageException">NetworkFailed: a setting cannot be written.</exception>
    public static void End(string link)
    {
        foreach (string setting in s_settings)
        {
            KernelParameter.SetIfKnown("net/" + setting.Replace("{0}", link, StringComparison.Ordinal), "0");
        }
    }
}
