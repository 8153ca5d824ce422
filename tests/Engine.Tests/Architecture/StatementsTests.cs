using System.Text.RegularExpressions;
using LayerImage.Engine.Store;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.Tests;

/// <summary>
/// The store's tables are known in one folder: no other text of the engine is SQL with a table's name. A table's name comes from the
/// schema, so a new table is known here as soon as it is there.
/// </summary>
public sealed partial class StatementsTests
{
    private static readonly string s_engine = Path.Combine(RepositoryFolder.Root, "src", "Engine"), s_records = Path.Combine(s_engine, "Store", "Records");

    private static readonly string[] s_tables = [.. StoreSchema.Steps.SelectMany(step => Table().Matches(step)).Select(match => match.Groups["table"].Value)];

    private static readonly Regex s_tableName = new($@"(?<![\w.])({string.Join('|', s_tables)})(?!\w)");

    [Fact]
    public void Statements_StandInTheRecordsOnly() => Assert.Empty(Sources().Where(file => !IsInRecords(file)).SelectMany(file => Statements(File.ReadAllText(file)).Select(text => $"{file}: {text}")));

    // Else the test above would find nothing because it cannot find anything.
    [Fact]
    public void Statements_AreFoundInTheRecords()
    {
        Assert.Equal(11, s_tables.Length);
        Assert.All(s_tables, table => Assert.Contains(Sources().Where(IsInRecords), file => Statements(File.ReadAllText(file)).Any(text => Regex.IsMatch(text, $@"\b{table}\b"))));
    }

    [Theory]
    [InlineData("""t.Query("SELECT name FROM tag", row => row);""", true)]
    [InlineData("""t.Query($"SELECT {Columns} FROM layer WHERE key = ?1", Read);""", true)]
    [InlineData("""t.Execute(@"delete from container where id = ?1");""", true)]
    [InlineData("""t.Execute("UPDATE image SET used = 1");""", true)]
    [InlineData("""t.Execute("INSERT OR IGNORE INTO " + "blob (digest)");""", true)]
    [InlineData("""string rest = " JOIN mount_layer ON layer = key";""", true)]
    [InlineData("""Scalar("PRAGMA user_version")""", true)]
    [InlineData(""""
        t.Query("""
            SELECT id
            FROM image
            """, row => row)
        """", true)]
    [InlineData("""// SELECT name FROM tag""", false)]
    [InlineData("""throw new("The layer is not in the store.");""", false)]
    [InlineData("""throw new("Select an image from the container's registry");""", false)]
    public void Statement_IsToldFromOtherText(string source, bool isOne) => Assert.Equal(isOne, Statements(source).Any());

    private static bool IsInRecords(string file) => file.StartsWith(s_records + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(s_engine, "*.cs", SearchOption.AllDirectories);

    private static IEnumerable<string> Statements(string source) =>
        Literal().Matches(Joined().Replace(Comment().Replace(source, ""), "")).Select(match => match.Value).Where(IsStatement);

    private static bool IsStatement(string text) => Pragma().IsMatch(text) || (Keyword().IsMatch(text) && s_tableName.IsMatch(text));

    [GeneratedRegex(@"CREATE TABLE (?<table>\w+)")]
    private static partial Regex Table();

    [GeneratedRegex(@"^\s*///?.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"""\s*\+\s*[$@]*""")]
    private static partial Regex Joined();

    [GeneratedRegex("\"\"\".*?\"\"\"|\"(?:[^\"\\\\\\n]|\\\\.)*\"", RegexOptions.Singleline)]
    private static partial Regex Literal();

    // In capitals anywhere in a text; in other letters where a statement begins and has its parts.
    [GeneratedRegex(@"\b(SELECT|INSERT|REPLACE INTO|UPDATE|DELETE FROM|FROM|JOIN|INTO|(CREATE|ALTER|DROP) TABLE)\b|(?i)^\W*(select\s[^;]*\sfrom\s+\w+\s+where|insert\s(or\s+\w+\s)?into|update\s+\w+\s+set|delete\s+from|alter\s+table|create\s+table)\b")]
    private static partial Regex Keyword();

    [GeneratedRegex(@"\bPRAGMA\s")]
    private static partial Regex Pragma();
}
