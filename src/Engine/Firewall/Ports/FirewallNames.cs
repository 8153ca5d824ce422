namespace LayerImage.Engine.Firewall;

/// <summary>Which texts may be names. Only such texts ever reach an nft script, where quotes cannot be escaped.</summary>
internal static class FirewallNames
{
    /// <summary>firewalld's zone names have at most 17 characters.</summary>
    public static bool IsZone(string text) => text.Length is > 0 and <= 17 && text.All(IsWord);

    public static bool IsService(string text) => text.Length is > 0 and <= 80 && text.All(c => IsWord(c) || c == '.');

    public static bool IsProtocol(string text) => text.Length is > 0 and <= 32 && text.All(c => IsWord(c) || c == '.') && IpProtocols.TryGetNumber(text, out _);

    /// <summary>An interface's name (IFNAMSIZ is 16 with the NUL); a final + stands for any end, as in firewalld.</summary>
    public static bool IsInterface(string text) => text.Length is > 0 and <= 15
        && text.All(c => c is > ' ' and < (char)127 and not ('/' or '"' or '\\' or '*' or '!'));

    public static bool IsHardwareAddress(string text) =>
        text.Length == 17 && text.Split(':') is { Length: 6 } parts && parts.All(part => part.Length == 2 && part.All(char.IsAsciiHexDigit));

    /// <summary>A container's id or name.</summary>
    public static bool IsOwner(string text) => text.Length > 0 && text.All(c => IsWord(c) || c == '.');

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';
}
