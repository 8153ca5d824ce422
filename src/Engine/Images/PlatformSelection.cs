using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>Chooses the manifest in an index that fits a machine best.</summary>
internal static class PlatformSelection
{
    /// <exception cref="LayerImageException"><see cref="EngineError.PlatformNotFound"/>, with the platforms there are.</exception>
    public static Descriptor Choose(ImageIndex index, Platform wanted, string source)
    {
        List<Descriptor> images = [.. index.Manifests!.Where(entry => !IsAttestation(entry))];
        Descriptor? best = images.Where(entry => entry.Platform?.Serves(wanted) > 0).OrderByDescending(entry => entry.Platform!.Serves(wanted)).FirstOrDefault()
            ?? (images is [{ Platform: null } only] ? only : null);
        string there = images.Count == 0 ? "no image at all" : string.Join(", ", images.Select(entry => entry.Platform?.ToString() ?? "one without a platform").Distinct());
        return best ?? throw new LayerImageException(EngineError.PlatformNotFound, $"{source} has no image for {wanted}. It has: {there}.")
        { Target = source, Advice = images.Count == 0 ? "Ask who made it." : "Choose one of these with -Platform." };
    }

    // BuildKit puts them into an index as images for "unknown/unknown".
    private static bool IsAttestation(Descriptor entry) => entry.Platform is { OS: "unknown" } || entry.Annotations?.ContainsKey("vnd.docker.reference.type") == true;
}
