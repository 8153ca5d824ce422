using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>Chooses the manifest in an index that fits a machine best.</summary>
internal static class PlatformSelection
{
    /// <exception cref="LayerImageException"><see cref="EngineError.PlatformNotFound"/>, with the platforms there are.</exception>
    public static Descriptor Choose(ImageIndex index, Platform wanted, string source)
    {
        // Attestations stand in an index as images for "unknown/unknown".
        List<Descriptor> images = [.. index.Manifests!.Where(entry => entry.Platform is null or { OS: not "unknown" })];
        Descriptor? best = images.Where(entry => entry.Platform?.Serves(wanted) > 0).OrderByDescending(entry => entry.Platform!.Serves(wanted)).FirstOrDefault()
            ?? (images is [{ Platform: null } only] ? only : null);
        return best ?? throw new LayerImageException(EngineError.PlatformNotFound, $"{source} has no image for {wanted}. It has: {string.Join(", ", images.Select(entry => entry.Platform?.ToString() ?? "unnamed").Distinct())}.")
        { Target = source, Advice = "Choose one of these with -Platform." };
    }
}
