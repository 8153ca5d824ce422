using System.Text.RegularExpressions;
using LayerImage.Testing;
using Xunit;

// Not in a namespace "Architecture": that would hide the processor architecture in the other tests.
namespace LayerImage.Engine.Tests;

/// <summary>
/// Which room of the engine (a folder of src/Engine) may use which: the table of docs/design/house.md, held against what the compiler
/// saw. A new arrow is a decision and is made there; one that nothing needs any more goes. Between folders at any depth none leads back.
/// </summary>
public sealed partial class DependencyArrowsTests
{
    private const string Top = "(top)";

    private static readonly Lazy<(string From, string To, string Why)[]> s_arrows = new(() =>
    {
        using CompiledReferences compiled = new(typeof(LayerImageEngine).Assembly.Location, "/src/Engine/");
        return [.. compiled.Arrows()];
    });

    [Fact]
    public void Rooms_UseWhatTheDrawingSays()
    {
        ILookup<string, string> whys = s_arrows.Value.Where(arrow => RoomOf(arrow.From) != RoomOf(arrow.To)).ToLookup(arrow => $"{RoomOf(arrow.From)} -> {RoomOf(arrow.To)}", arrow => arrow.Why);
        string[] declared = [.. Declared()];

        AssertNone([.. whys.Where(arrow => !declared.Contains(arrow.Key)).Select(arrow => $"{arrow.Key} is not declared: {string.Join("; ", arrow.Distinct().Take(5))}"),
            .. declared.Where(arrow => !whys.Contains(arrow)).Select(arrow => $"{arrow} is declared and nobody uses it")]);
    }

    [Fact]
    public void Arrows_LeadBackNowhere()
    {
        Dictionary<string, HashSet<string>> left = s_arrows.Value.GroupBy(arrow => arrow.From, arrow => arrow.To).ToDictionary(group => group.Key, group => group.ToHashSet(StringComparer.Ordinal));
        while (left.FirstOrDefault(entry => !entry.Value.Overlaps(left.Keys)) is { Key: not null } done)
        {
            left.Remove(done.Key);
        }

        AssertNone(s_arrows.Value.Where(arrow => left.ContainsKey(arrow.From) && left.ContainsKey(arrow.To) && LeadsTo(left, arrow.To, arrow.From))
            .Select(arrow => $"{arrow.From} -> {arrow.To}: {arrow.Why}").Distinct().Order(StringComparer.Ordinal));
    }

    // Else the tests above would find nothing because they cannot find anything.
    [Fact]
    public void Types_AreFoundInTheirFolders()
    {
        using CompiledReferences compiled = new(typeof(LayerImageEngine).Assembly.Location, "/src/Engine/");
        (string Type, string Folder)[] types = [.. compiled.Types()];
        Dictionary<string, string> texts = Sources().GroupBy(file => Path.GetRelativePath(EngineFolder, Path.GetDirectoryName(file)!)).ToDictionary(folder => folder.Key, folder => string.Concat(folder.Select(File.ReadAllText)));

        Assert.InRange(types.Length, 500, int.MaxValue);
        Assert.All(types, type => Assert.Matches($@"\b(class|record|struct|interface|enum|delegate)\b[^;={{(]*\b{type.Type.Split('`')[0]}\b", texts[type.Folder.Length == 0 ? "." : type.Folder]));
    }

    [Theory]
    [InlineData("System.Management.Automation")]
    [InlineData("Console.")]
    [InlineData("Environment.Exit")]
    public void Engine_NeverNames(string what)
    {
        Assert.DoesNotContain(Sources(), file => File.ReadLines(file).Any(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal)));
    }

    private static void AssertNone(IEnumerable<string> faults) => Assert.True(!faults.Any(), string.Join('\n', faults));

    private static bool LeadsTo(Dictionary<string, HashSet<string>> arrows, string from, string to)
    {
        HashSet<string> seen = [from];
        for (Queue<string> ahead = new(seen); ahead.TryDequeue(out string? here);)
        {
            if (here == to)
            {
                return true;
            }
            foreach (string next in arrows.GetValueOrDefault(here) ?? [])
            {
                if (seen.Add(next))
                {
                    ahead.Enqueue(next);
                }
            }
        }
        return false;
    }

    private static IEnumerable<string> Declared() => File.ReadLines(Path.Combine(RepositoryFolder.Root, "docs", "design", "house.md"))
        .Select(line => Row().Match(line)).Where(match => match.Success)
        .SelectMany(match => match.Groups["uses"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(uses => $"{match.Groups["room"].Value} -> {uses}"));

    private static string RoomOf(string folder) => folder.Length == 0 ? Top : folder.Split('/')[0];

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(EngineFolder, "*.cs", SearchOption.AllDirectories);

    private static string EngineFolder => Path.Combine(RepositoryFolder.Root, "src", "Engine");

    // | `Layers` | what it does | Errors, IO |
    [GeneratedRegex(@"^\| `(?<room>[\w()]+)` \|[^|]*\|(?<uses>[^|]*)\|$")]
    private static partial Regex Row();
}
