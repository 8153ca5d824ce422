using System.Text.RegularExpressions;
using LayerImage.Testing;
using Xunit;

// Not in a namespace "Architecture": that would hide the processor architecture in the other tests.
namespace LayerImage.Engine.Tests;

/// <summary>
/// Which folder of the engine may use which: the arrows of docs/design, as the <c>using</c> lines draw them. A new
/// arrow is a decision and is made here; one that nothing needs any more goes.
/// </summary>
public sealed partial class DependencyArrowsTests
{
    private const string Root = "(root)";

    private static readonly SortedDictionary<string, string[]> s_allowed = new(StringComparer.Ordinal)
    {
        ["Errors"] = [],
        ["Text"] = [],
        ["Oci"] = ["Errors"],
        ["Interop"] = ["Errors"],
        ["Processes"] = ["Errors", "Interop"],
        ["References"] = ["Errors", "Oci"],
        ["IO"] = ["Errors", "Interop", "Oci"],
        ["Layers"] = ["Errors", "IO", "Interop", "Oci"],
        ["Mounts"] = ["Errors", "Interop", "Text"],
        ["Store"] = ["Errors", "IO", "Interop", "Layers", "Oci"],
        ["Content"] = ["Errors", "IO", "Oci", "Store"],
        ["Registry"] = ["Errors", "IO", "Oci", "Processes", "References"],
        ["Runtime"] = ["Errors", "IO", "Interop", "Oci", "Processes"],
        ["Network"] = ["Errors", "Interop", "Processes"],
        ["Firewall"] = ["Errors", "IO", "Interop", "Network", "Processes", "Text"],
        ["Images"] = ["Content", "Errors", "IO", "Interop", "Layers", "Mounts", "Oci", "Processes", "References", "Registry", "Store", "Text"],
        ["Containers"] = ["Content", "Errors", "Firewall", "IO", "Images", "Interop", "Layers", "Mounts", "Network", "Oci", "Processes", "Runtime", "Store", "Text"],
        ["Commit"] = ["Containers", "Content", "Errors", "IO", "Images", "Interop", "Layers", "Mounts", "Network", "Oci", "References", "Store"],
        ["Maintenance"] = ["Content", "Errors", "IO", "Images", "Layers", "Oci", "References", "Registry", "Store", "Text"],
        [Root] = ["Commit", "Containers", "Content", "Errors", "Firewall", "IO", "Images", "Maintenance", "Mounts", "Network", "Registry", "Runtime", "Store"],
    };

    [Fact]
    public void Folders_UseOnlyWhatTheTableAllows()
    {
        Assert.Equal(Draw(s_allowed.Select(row => (row.Key, (IEnumerable<string>)row.Value))), Draw(Read()));
    }

    [Fact]
    public void Arrows_GoRoundNowhere()
    {
        Dictionary<string, HashSet<string>> left = s_allowed.ToDictionary(row => row.Key, row => row.Value.ToHashSet(StringComparer.Ordinal));
        while (left.FirstOrDefault(row => row.Value.Count == 0) is { Key: not null } done)
        {
            left.Remove(done.Key);
            foreach (HashSet<string> uses in left.Values)
            {
                uses.Remove(done.Key);
            }
        }

        Assert.Empty(left.Keys);
    }

    [Theory]
    [InlineData("System.Management.Automation")]
    [InlineData("Console.")]
    [InlineData("Environment.Exit")]
    public void Engine_NeverNames(string what)
    {
        Assert.DoesNotContain(Sources(), file => File.ReadLines(file).Any(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal)));
    }

    private static IEnumerable<(string Folder, IEnumerable<string> Uses)> Read() => Sources()
        .SelectMany(file => File.ReadLines(file).Select(line => UsingLine().Match(line)).Where(match => match.Success).Select(match => (Folder: FolderOf(file), Uses: match.Groups["folder"].Value)))
        .GroupBy(arrow => arrow.Folder)
        .Select(group => (group.Key, group.Select(arrow => arrow.Uses).Where(uses => uses != group.Key)));

    private static string Draw(IEnumerable<(string Folder, IEnumerable<string> Uses)> arrows) => string.Join('\n', arrows
        .SelectMany(row => row.Uses.Select(uses => $"{row.Folder} -> {uses}")).Distinct().Order(StringComparer.Ordinal));

    private static string FolderOf(string file)
    {
        string relative = Path.GetRelativePath(EngineFolder(), file);
        return relative.Contains('/', StringComparison.Ordinal) ? relative[..relative.IndexOf('/', StringComparison.Ordinal)] : Root;
    }

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(EngineFolder(), "*.cs", SearchOption.AllDirectories);

    private static string EngineFolder() => Path.Combine(RepositoryFolder.Root, "src", "Engine");

    [GeneratedRegex(@"^\s*using (static )?(\w+ = )?LayerImage\.Engine\.(?<folder>\w+)[.;]")]
    private static partial Regex UsingLine();
}
