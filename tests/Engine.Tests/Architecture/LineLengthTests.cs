using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.Tests;

/// <summary>Every line of the sources fits a review that shows two versions side by side.</summary>
public sealed class LineLengthTests
{
    private const int Longest = 160;

    /// <summary>Folders of <c>src</c> that are not done yet; the list only gets shorter.</summary>
    private static readonly string[] s_exempt = ["Engine/Layers", "Engine/Containers", "Engine/Runtime", "Cmdlets/Container"];

    [Fact]
    public void Lines_FitAReview()
    {
        Assert.InRange(Sources().Count(), 500, int.MaxValue);
        string[] faults = [.. Sources().Where(file => !s_exempt.Any(folder => IsIn(file, folder))).SelectMany(LongLines)];

        Assert.True(faults.Length == 0, string.Join('\n', faults));
    }

    private static IEnumerable<string> LongLines(string file) => File.ReadLines(Path.Combine(Folder, file))
        .Select((line, i) => (Length: line.Length, Number: i + 1))
        .Where(line => line.Length > Longest)
        .Select(line => $"src/{file}:{line.Number} has {line.Length} columns");

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Folder, file));

    private static bool IsIn(string file, string folder) => file.StartsWith(folder + "/", StringComparison.Ordinal);

    private static string Folder => Path.Combine(RepositoryFolder.Root, "src");
}
