using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Images.Archives;

/// <summary>What can be wrong with an archive.</summary>
internal static class ArchiveErrors
{
    public static LayerImageException Invalid(string archive, string why, Exception? inner = null) =>
        new(EngineError.ManifestInvalid, $"The archive '{archive}' cannot be read: {why}.", inner)
        { Target = archive, Advice = "It was written wrongly, cut off or changed; make it again." };

    public static LayerImageException WrongDigest(string archive, string name, string expected, string found) =>
        new(EngineError.DigestMismatch, $"The archive '{archive}' is damaged: '{name}' has the digest {found}, not {expected}.")
        { Target = name, Advice = "It was changed on the way; make it or copy it again." };

    public static LayerImageException WrongSize(string archive, string name, long expected, long found) =>
        new(EngineError.SizeMismatch, $"The archive '{archive}' is damaged: '{name}' has {found} bytes, not {expected}.")
        { Target = name, Advice = "It was changed on the way; make it or copy it again." };
}
