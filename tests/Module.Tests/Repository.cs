using LayerImage.Testing;

namespace LayerImage.Module.Tests;

/// <summary>Where the built things are.</summary>
static class Repository
{
    internal static string Root => RepositoryFolder.Root;

    internal static string Manifest => Path.Combine(Root, "out", "LayerImage", "LayerImage.psd1");

    internal static string Shell => Path.Combine(Root, "out", "shell", "LayerImage.Shell");
}
