using LayerImage.Testing;

namespace LayerImage.Module.Tests;

/// <summary>Where the built things are.</summary>
static class Repository
{
    internal static string Root => RepositoryFolder.Root;

    internal static string Manifest => Path.Combine(Root, "out", "LayerImage", "LayerImage.psd1");

    /// <summary>The script that starts PowerShell with the module.</summary>
    internal static string Launcher => Path.Combine(Root, "layerimage");
}
