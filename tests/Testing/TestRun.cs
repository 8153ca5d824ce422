using System.Globalization;

namespace LayerImage.Testing;

/// <summary>How these tests were started: see build.ps1 Test.</summary>
public static class TestRun
{
    /// <summary>Whether the cases that take minutes are wanted (<c>-Long</c>).</summary>
    public static bool IsLong => Environment.GetEnvironmentVariable("LAYERIMAGE_TEST_LONG") == "1";

    /// <summary>The run's seed, which <c>-Seed</c> repeats.</summary>
    public static int Seed => int.TryParse(Environment.GetEnvironmentVariable("LAYERIMAGE_TEST_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : 0;

    /// <summary>A sequence of this seed's own, from its beginning.</summary>
    public static Random Random => new(Seed);
}
