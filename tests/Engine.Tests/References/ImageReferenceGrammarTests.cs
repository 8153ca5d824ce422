using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using LayerImage.Engine.Errors;
using LayerImage.Engine.References;
using Xunit;

namespace LayerImage.Engine.Tests.References;

/// <summary>
/// The hand-written parser against the regular expressions of distribution/reference and the steps of its
/// ParseNormalizedNamed, on generated texts: both must accept the same and read the same out of it.
/// </summary>
public sealed partial class ImageReferenceGrammarTests
{
    private const string Hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    // Pieces that meet every rule, in right and in wrong places.
    private static readonly string[] s_pieces =
    [
        "a", "b9", "0", "tomcat", "A", "Tag", "latest", ".", "-", "--", "_", "__", "___", "/", "/", "/", ":", ":", "@", "[", "]", "::1", "[::1]", "[2001:db8::7]", "[::ffff:1.2.3.4]",
        "localhost", "docker.io", "index.docker.io", "library", "host.name", "127.0.0.1", ":5000", ":99999", ":1", "sha256:", "sha512:", "md5:", Hex64, Hex64[..32], "sha256:" + Hex64,
        "@sha256:" + Hex64, "@sha512:" + Hex64 + Hex64, " ", "\n", "é", "%", "\\", "xn--n3h",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Generated_IsReadAsTheGrammarReadsIt(int seed)
    {
        Random random = new(seed);
        int accepted = 0;
        for (int i = 0; i < 25_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => s_pieces[random.Next(s_pieces.Length)]));

            (string Registry, string Repository, string? Tag, string? Digest)? expected = Grammar(text);
            bool isAccepted = ImageReference.TryParse(text, out ImageReference? found);

            Assert.True(expected is not null == isAccepted, $"seed {seed}, round {i}: '{text}' is {(isAccepted ? "accepted" : "refused")}");
            if (found is not null)
            {
                accepted++;
                Assert.Equal(expected!.Value, (found.Registry, found.Repository, found.Tag, found.Digest?.ToString()));
                Assert.Equal(found, ImageReference.Parse(found.Canonical));
                Assert.Equal(found, ImageReference.Parse(found.Familiar));
            }
        }
        Assert.InRange(accepted, 500, 25_000); // else the generator tells nothing
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void ValidParts_ComeBackOut(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 20_000; i++)
        {
            string registry = Pick(random, "docker.io", "localhost", "localhost:5000", "quay.io", "[::1]", "[2001:db8::1]:443", "UPPER", "a.b-c.d:1", "127.0.0.1:65535");
            string repository = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Component(random)));
            string? tag = random.Next(2) == 0 ? null : Pick(random, "latest", "_", "1.0-RC", new string('x', 128), "9");
            string? digest = random.Next(3) > 0 ? null : "sha256:" + Hex64;
            string text = $"{registry}/{repository}{(tag is null ? "" : ":" + tag)}{(digest is null ? "" : "@" + digest)}";

            ImageReference reference = ImageReference.Parse(text);

            string full = registry == "docker.io" && !repository.Contains('/', StringComparison.Ordinal) ? "library/" + repository : repository;
            Assert.Equal((registry, full, tag, digest), (reference.Registry, reference.Repository, reference.Tag, reference.Digest?.ToString()));
            Assert.Equal(reference, ImageReference.Parse(reference.Familiar));
            Assert.Equal(reference.Canonical, ImageReference.Parse(reference.Familiar).Canonical);
            Assert.Equal(reference.Familiar, ImageReference.FamiliarOf(reference.Canonical));
        }
    }

    [Theory]
    [InlineData("Tomcat", "upper-case letter 'T'")]
    [InlineData("a/b/Tomcat:9", "upper-case letter 'T'")]
    [InlineData("tomcat:.x", "tag '.x'")]
    [InlineData("tomcat@sha256:12", "'sha256:12'")]
    [InlineData("tom cat", "position 4 is a space")]
    [InlineData("tom\u00e9", "position 4 is U+00E9")]
    [InlineData("https://host.name/app", "'https://'")]
    [InlineData("host.name:99999/app", "port '99999'")]
    [InlineData("host..name/app", "between two dots")]
    [InlineData("-x.name/app", "'-x'")]
    [InlineData("[::1%eth0]/app", "IPv6")]
    [InlineData("a//b", "is empty")]
    [InlineData("a/b___c/d", "'b___c'")]
    [InlineData(":tag", "no repository")]
    [InlineData(Hex64, "an id, not a name")]
    public void Refusal_SaysWhatIsWrongWhere(string text, string says) =>
        Assert.Contains(says, Assert.Throws<LayerImageException>(() => ImageReference.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Refusal_OfALongTextIsShort() =>
        Assert.InRange(Assert.Throws<LayerImageException>(() => ImageReference.Parse(new string('/', 1_000_000))).Message.Length, 1, 500);

    private static (string Registry, string Repository, string? Tag, string? Digest)? Grammar(string text)
    {
        if (Identifier().IsMatch(text))
        {
            return null;
        }
        (string domain, string rest) = Split(text);
        if (domain == "docker.io" && !rest.Contains('/', StringComparison.Ordinal))
        {
            rest = "library/" + rest;
        }
        if (Reference().Match($"{domain}/{rest}") is not { Success: true } match || match.Groups["domain"].Value != domain)
        {
            return null;
        }
        string path = match.Groups["path"].Value;
        string? digest = Value(match.Groups["digest"]);
        return path.Length > 255 || !IsReachable(domain) || (digest is not null && !Algorithm().IsMatch(digest)) ? null : (domain, path, Value(match.Groups["tag"]), digest);
    }

    private static (string Domain, string Remainder) Split(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : text[..slash];
        return slash < 0 ? ("docker.io", text)
            : first == "index.docker.io" ? ("docker.io", text[(slash + 1)..])
            : first == "localhost" || first.AsSpan().ContainsAny('.', ':') || first != first.ToLowerInvariant() ? (first, text[(slash + 1)..])
            : ("docker.io", text);
    }

    // The grammar takes any digits as a port and any hexadecimal digits and colons as an address.
    private static bool IsReachable(string domain)
    {
        Match match = HostAndPort().Match(domain);
        return match.Groups["dns"].Value.Split('.').All(label => label.Length <= 63) && match.Groups["dns"].Length <= 253 && (!match.Groups["port"].Success || ushort.TryParse(match.Groups["port"].Value, CultureInfo.InvariantCulture, out _))
            && (!match.Groups["v6"].Success || IPAddress.TryParse(match.Groups["v6"].Value, out _));
    }

    private static string? Value(Group group) => group.Success ? group.Value : null;

    private static string Component(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(i => (i == 0 ? "" : Pick(random, ".", "_", "__", "-", "---")) + Pick(random, "a", "0", "app", "x9")));

    private static string Pick(Random random, params string[] from) => from[random.Next(from.Length)];

    [GeneratedRegex(@"^[a-f0-9]{64}\z")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^(?<domain>(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?)/(?<path>[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?\z")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^(?:\[(?<v6>[^\]]*)\]|(?<dns>[^:\[]*))(?::(?<port>.*))?\z")]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\z")]
    private static partial Regex Algorithm();
}
