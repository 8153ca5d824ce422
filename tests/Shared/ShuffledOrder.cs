using System.Text;
using LayerImage.Testing;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ShuffledOrder))]
[assembly: TestClassOrderer(typeof(ShuffledOrder))]
[assembly: TestMethodOrderer(typeof(ShuffledOrder))]
[assembly: TestCaseOrderer(typeof(ShuffledOrder))]

namespace LayerImage.Testing;

/// <summary>
/// The order of the tests: another one for each seed ($LAYERIMAGE_TEST_SEED, which build.ps1 Test chooses and prints), and
/// for one seed the same on every machine. xunit's own depends on the path of the program.
/// </summary>
internal sealed class ShuffledOrder : ITestCollectionOrderer, ITestClassOrderer, ITestMethodOrderer, ITestCaseOrderer
{
    private static readonly string s_seed = Environment.GetEnvironmentVariable("LAYERIMAGE_TEST_SEED") ?? "0";

    // A class's own collection has its number in its name: "… (id: 4f2e…)".
    public IReadOnlyCollection<T> OrderTestCollections<T>(IReadOnlyCollection<T> testCollections)
        where T : ITestCollection => Shuffle(testCollections, collection => collection.TestCollectionDisplayName.Split(" (id:")[0]);

    public IReadOnlyCollection<T?> OrderTestClasses<T>(IReadOnlyCollection<T?> testClasses)
        where T : notnull, ITestClass => Shuffle(testClasses, item => item?.TestClassName ?? "");

    public IReadOnlyCollection<T?> OrderTestMethods<T>(IReadOnlyCollection<T?> testMethods)
        where T : notnull, ITestMethod => Shuffle(testMethods, method => method?.MethodName ?? "");

    public IReadOnlyCollection<T> OrderTestCases<T>(IReadOnlyCollection<T> testCases)
        where T : notnull, ITestCase => Shuffle(testCases, test => test.TestCaseDisplayName);

    private static List<T> Shuffle<T>(IEnumerable<T> items, Func<T, string> name) =>
        [.. items.Select(item => (Item: item, Name: name(item))).OrderBy(pair => Number(pair.Name)).ThenBy(pair => pair.Name, StringComparer.Ordinal).Select(pair => pair.Item)];

    // FNV-1a, which is the same everywhere, and spread out by a last multiplication.
    private static ulong Number(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (byte octet in Encoding.UTF8.GetBytes($"{s_seed}\n{name}"))
        {
            hash = (hash ^ octet) * 1099511628211;
        }
        return (hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15;
    }
}
