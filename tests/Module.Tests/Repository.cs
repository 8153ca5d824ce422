using System.Runtime.CompilerServices;

namespace LayerImage.Module.Tests;

/// <summary>Where things are: found from this file's own path, so that the test program may lie anywhere.</summary>
static class Repository
{
    internal static string Root { get; } = FindRoot();

    internal static string Manifest => Path.Combine(Root, "out", "LayerImage", "LayerImage.psd1");

    internal static string Shell => Path.Combine(Root, "out", "shell", "LayerImage.Shell");

    static string FindRoot([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}
