using System.Buffers;
using System.Globalization;
using System.Net;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.References;

public sealed partial record ImageReference
{
    // What DNS allows (RFC 1035, 2.3.4). The grammar has no limit, but no such host can be asked.
    private const int LongestLabel = 63, LongestHost = 253;

    private static readonly SearchValues<char> s_addressCharacters = SearchValues.Create("0123456789abcdefABCDEF:");

    /// <summary>The parser: returns the reason why the text is no reference, or null.</summary>
    private static string? Parse(string text, out ImageReference? reference)
    {
        reference = null;
        if (Unreadable(text) is string why)
        {
            return why;
        }
        string rest = text;
        Digest? digest = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (!Oci.Digest.TryParse(rest[(at + 1)..], out Digest parsed))
            {
                return $"after the '@' stands '{Shorten(rest[(at + 1)..])}', which is no sha256 or sha512 digest in lower-case hexadecimal";
            }
            digest = parsed;
            rest = rest[..at];
        }

        string? tag = null;
        int colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/') && !rest.EndsWith(']'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!IsTag(tag))
            {
                return $"the tag '{Shorten(tag)}' is not 1 to 128 letters, digits, '_', '.' or '-' that begin with a letter, a digit or '_'";
            }
        }

        if (rest.Length == 0)
        {
            return "before the tag or digest stands no repository";
        }
        if (tag is null && digest is null && rest.Length == 64 && !rest.AsSpan().ContainsAnyExcept("0123456789abcdef"))
        {
            return "64 hexadecimal digits are an id, not a name";
        }
        return ParseName(rest, tag, digest, out reference);
    }

    private static string? ParseName(string name, string? tag, Digest? digest, out ImageReference? reference)
    {
        reference = null;
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : name[..slash];
        bool hasDomain = slash > 0 && (first == "localhost" || first.AsSpan().ContainsAny('.', ':') || first.Any(char.IsAsciiLetterUpper));
        string registry = hasDomain ? first : HubDomain;
        string repository = hasDomain ? name[(slash + 1)..] : name;
        if (hasDomain && !IsDomain(registry))
        {
            return $"'{Shorten(registry)}' is not a registry's host[:port]: {WhyNoDomain(registry)}";
        }
        if (registry == "index.docker.io")
        {
            registry = HubDomain;
        }
        foreach (string component in repository.Split('/'))
        {
            if (!IsComponent(component))
            {
                return WhyNoComponent(component, repository);
            }
        }
        if (registry == HubDomain && !repository.Contains('/', StringComparison.Ordinal))
        {
            repository = "library/" + repository;
        }
        if (repository.Length > LongestName)
        {
            return $"the repository is longer than {LongestName} characters";
        }
        reference = new ImageReference(registry, repository, tag, digest);
        return null;
    }

    /// <summary>Whether a text can be a tag.</summary>
    internal static bool IsTag(string tag) => tag.Length is > 0 and <= 128
        && (char.IsAsciiLetterOrDigit(tag[0]) || tag[0] == '_')
        && tag.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    private static bool IsComponent(string component)
    {
        int position = 0;
        while (true)
        {
            int start = position;
            while (position < component.Length && (char.IsAsciiLetterLower(component[position]) || char.IsAsciiDigit(component[position])))
            {
                position++;
            }
            if (position == start)
            {
                return false;
            }
            if (position == component.Length)
            {
                return true;
            }
            int separator = position;
            while (position < component.Length && component[position] is '.' or '_' or '-' && component[position] == component[separator])
            {
                position++;
            }
            int length = position - separator;
            bool allowed = component[separator] switch { '.' => length == 1, '_' => length <= 2, '-' => length >= 1, _ => false };
            if (!allowed)
            {
                return false;
            }
        }
    }

    private static bool IsDomain(string domain) => WhyNoDomain(domain) is null;

    private static string? WhyNoDomain(string domain)
    {
        string host = domain;
        int portAt = domain.LastIndexOf(':');
        if (portAt > domain.LastIndexOf(']'))
        {
            string port = domain[(portAt + 1)..];
            // The grammar takes any digits; no server listens beyond 65535.
            if (port.Length == 0 || !port.All(char.IsAsciiDigit) || !ushort.TryParse(port, CultureInfo.InvariantCulture, out _))
            {
                return $"the port '{Shorten(port)}' is not a number up to 65535";
            }
            host = domain[..portAt];
        }
        if (host.StartsWith('['))
        {
            // No zone ("%eth0") and no dotted IPv4 part: the grammar has neither.
            bool isAddress = host.EndsWith(']') && !host.AsSpan(1, host.Length - 2).ContainsAnyExcept(s_addressCharacters)
                && IPAddress.TryParse(host[1..^1], out IPAddress? address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
            return isAddress ? null : "between '[' and ']' stands an IPv6 address in hexadecimal, without a zone";
        }
        if (host.Length > LongestHost)
        {
            return $"a host has at most {LongestHost} characters";
        }
        foreach (string label in host.Split('.'))
        {
            if (label.Length > LongestLabel)
            {
                return $"'{Shorten(label)}' has more than {LongestLabel} characters";
            }
            if (label.Length == 0)
            {
                return "a part between two dots is empty";
            }
            if (label[0] == '-' || label[^1] == '-' || !label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            {
                return $"'{Shorten(label)}' is not letters and digits, with '-' only between them";
            }
        }
        return null;
    }

    private static string WhyNoComponent(string component, string repository)
    {
        if (component.Length == 0)
        {
            return "a part of the repository between two slashes, or at its end, is empty";
        }
        return component.FirstOrDefault(char.IsAsciiLetterUpper) is char upper and not '\0'
            ? $"the repository '{Shorten(repository)}' has the upper-case letter '{upper}'; a repository is lower case"
            : $"'{Shorten(component)}' is not a part of a repository (lower-case letters and digits, with '.', '_', '__' or '-' only between them)";
    }

    // What people paste and what no part of a reference may have, told as what it is.
    private static string? Unreadable(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme > 0)
        {
            return $"it begins with '{Shorten(text[..scheme])}://'; a reference has no scheme";
        }
        int at = text.AsSpan().IndexOfAnyExceptInRange('!', '~');
        return at < 0 ? null : $"the character at position {at + 1} is {(text[at] == ' ' ? "a space" : $"U+{(int)text[at]:X4}")}";
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..77] + "...";
}
