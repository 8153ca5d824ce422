using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.References;

/// <summary>
/// The name of an image, by the grammar of distribution/reference:
/// <code>
/// reference := name [":" tag] ["@" digest]      name := [domain "/"] path
/// domain    := host [":" port]; host = dns-name | IPv4 | "[" IPv6 "]"
/// path      := component ("/" component)*       component := [a-z0-9]+ (("."|"_"|"__"|"-"+) [a-z0-9]+)*
/// tag       := [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}
/// </code>
/// The first component is a domain only if it has a dot, a colon or an upper-case letter, or is "localhost".
/// A name without one is Docker Hub's, in "library/" when it has a single component.
/// </summary>
public sealed partial record ImageReference
{
    /// <summary>Docker Hub's domain in a reference.</summary>
    public const string HubDomain = "docker.io";

    private const int LongestName = 255;

    private ImageReference(string registry, string repository, string? tag, Digest? digest)
    {
        Registry = registry;
        Repository = repository;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>The registry's domain: "docker.io", "127.0.0.1:5000".</summary>
    public string Registry { get; }

    /// <summary>The path in the registry: "library/tomcat".</summary>
    public string Repository { get; }

    /// <summary>The tag that the reference names, or null.</summary>
    public string? Tag { get; }

    /// <summary>The digest of the manifest or index, or null.</summary>
    public Digest? Digest { get; }

    /// <summary>Registry and repository in full: "docker.io/library/tomcat".</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary>The reference in full: "docker.io/library/tomcat:latest".</summary>
    public string Canonical => Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>The reference as people write it: "tomcat:latest".</summary>
    public string Familiar
    {
        get
        {
            if (Registry != HubDomain)
            {
                return Canonical;
            }
            string name = Repository.StartsWith("library/", StringComparison.Ordinal) && Repository.LastIndexOf('/') == 7 ? Repository[8..] : Repository;
            string text = name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);
            // "docker.io/foo.bar/app" in short would name a registry foo.bar.
            return TryParse(text, out ImageReference? same) && same!.Name == Name ? text : Canonical;
        }
    }

    /// <summary>A reference in full, as people write it. Parses only where the short form might mean another: a store has thousands.</summary>
    internal static string FamiliarOf(string canonical)
    {
        const string Hub = HubDomain + "/", Library = Hub + "library/";
        return !canonical.StartsWith(Hub, StringComparison.Ordinal) ? canonical
            : canonical.StartsWith(Library, StringComparison.Ordinal) && canonical.IndexOf('/', Library.Length) < 0 ? canonical[Library.Length..]
            : TryParse(canonical, out ImageReference? reference) ? reference!.Familiar : canonical;
    }

    /// <summary>What to ask the registry for: the digest when there is one, else the tag.</summary>
    internal string ManifestName => Digest?.ToString() ?? Tag ?? "latest";

    /// <summary>This reference with <c>:latest</c> when it names neither a tag nor a digest.</summary>
    public ImageReference WithDefaultTag() => Tag is null && Digest is null ? new(Registry, Repository, "latest", null) : this;

    /// <summary>This reference with another tag and no digest.</summary>
    public ImageReference WithTag(string tag) => new(Registry, Repository, tag, null);

    /// <summary>This reference with a digest and no tag.</summary>
    public ImageReference WithDigest(Digest digest) => new(Registry, Repository, null, digest);

    /// <summary>Parses a reference to an image.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ReferenceInvalid"/>, with the reason.</exception>
    public static ImageReference Parse(string text) => Parse(text, out ImageReference? reference) is string reason
        ? throw new LayerImageException(EngineError.ReferenceInvalid, $"'{Shorten(text)}' is not an image reference: {reason}.")
        {
            Target = text,
            Advice = "Write [registry/]repository[:tag][@digest] with a lower-case repository, such as tomcat:9 or localhost:5000/team/app:1.0.",
        }
        : reference!;

    /// <summary>Parses a name to give to an image. It may have no tag yet; a digest is nobody's choice.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ReferenceInvalid"/>, with the reason.</exception>
    internal static ImageReference ParseName(string text)
    {
        ImageReference reference = Parse(text);
        // docker refuses the same: "sha256:abc" is what an id looks like.
        return reference.Familiar.StartsWith("sha256:", StringComparison.Ordinal) || reference.Familiar.StartsWith("sha512:", StringComparison.Ordinal)
            ? throw new LayerImageException(EngineError.ReferenceInvalid, $"'{text}' would look like an id.")
            {
                Target = text,
                Advice = "Give another name, as repository:tag.",
            }
            : reference.Digest is null ? reference
            : throw new LayerImageException(EngineError.ReferenceInvalid, $"'{text}' names a digest, which cannot be chosen.")
            {
                Target = text,
                Advice = "Give repository:tag.",
            };
    }

    /// <summary>Parses a reference; false when it is malformed.</summary>
    public static bool TryParse(string text, out ImageReference? reference) => Parse(text, out reference) is null;

    /// <inheritdoc/>
    public override string ToString() => Familiar;
}
