using System.Globalization;
using System.Net;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.References;

public sealed partial record ImageReference
{
    /// <summary>The parser: returns the reason why the text is no reference, or null.</summary>
    private static string? Parse(string text, out ImageReference? reference)
    {
        reference = null;
        string rest = text;
        Digest? digest = null;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (!Oci.Digest.TryParse(rest[(at + 1)..], out Digest parsed))
            {
                return "after '@' stands no sha256 or sha512 digest";
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
                return $"the tag '{tag}' is not 1 to 128 letters, digits, '_', '.' or '-' that begin with a letter, a digit or '_'";
            }
        }

        if (rest.Length == 0)
        {
            return "it has no repository";
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
            return $"'{registry}' is not a registry's host[:port]";
        }
        if (registry == "index.docker.io")
        {
            registry = HubDomain;
        }
        foreach (string component in repository.Split('/'))
        {
            if (!IsComponent(component))
            {
                return repository.Any(char.IsAsciiLetterUpper)
                    ? "a repository is lower case"
                    : $"'{component}' is not a repository's path component (letters and digits with single '.', '_', '__' or '-' between them)";
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

    private static bool IsTag(string tag) => tag.Length is > 0 and <= 128
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

    private static bool IsDomain(string domain)
    {
        string host = domain;
        int portAt = domain.LastIndexOf(':');
        if (portAt > domain.LastIndexOf(']'))
        {
            string port = domain[(portAt + 1)..];
            if (port.Length == 0 || !port.All(char.IsAsciiDigit) || !ushort.TryParse(port, CultureInfo.InvariantCulture, out _))
            {
                return false;
            }
            host = domain[..portAt];
        }
        if (host.StartsWith('['))
        {
            return host.EndsWith(']') && !host.Contains('%', StringComparison.Ordinal)
                && IPAddress.TryParse(host[1..^1], out IPAddress? address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        }
        return host.Length > 0 && host.Split('.').All(label => label.Length > 0
            && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && label[0] != '-' && label[^1] != '-');
    }
}
