using System.Diagnostics;
using System.Globalization;
using System.Text;
using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.Tests.Fuzz;

/// <summary>
/// Feeds a parser with damaged documents for some seconds. The sequence is the same in every run; a failure prints the
/// seed and the input. $LAYERIMAGE_TEST_FUZZ_SECONDS makes it longer, $LAYERIMAGE_TEST_FUZZ_SEED begins elsewhere.
/// </summary>
internal static class Fuzzer
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);

    private static readonly string[] s_words =
    [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "-1", "0", "1e999", "9223372036854775808", "\"\\uD800\"", "\"\"", "{}", "[]", "[null]", "\\", "\\u0000", "\uFEFF", "é",
        "\"schemaVersion\"", "\"mediaType\"", "\"config\"", "\"layers\"", "\"manifests\"", "\"Layers\"", "\"digest\"", "\"size\"", "\"history\"", "\"rootfs\"", "\"diff_ids\"", "\"platform\"", "\"annotations\"",
        "sha256:", "/", "@", "=", "Bearer ", "realm=", "../", "application/vnd.oci.image.index.v1+json", "0001-01-01T00:00:00Z",
    ];

    /// <summary>Feeds the parser.</summary>
    /// <param name="corpus">Valid inputs to start from.</param>
    /// <param name="parse">Must end with a result or a LayerImageException.</param>
    public static void Run(IReadOnlyList<string> corpus, Action<byte[]> parse) => Run([.. corpus.Select(Encoding.UTF8.GetBytes)], parse);

    /// <summary>The same for inputs that are no text.</summary>
    public static void Run(byte[][] valid, Action<byte[]> parse)
    {
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("LAYERIMAGE_TEST_FUZZ_SECONDS"), CultureInfo.InvariantCulture, out double asked) ? asked : 10;
        int seed = int.TryParse(Environment.GetEnvironmentVariable("LAYERIMAGE_TEST_FUZZ_SEED"), CultureInfo.InvariantCulture, out int first) ? first : 1;
        Array.ForEach(valid, parse); // the corpus itself is accepted
        Stopwatch clock = Stopwatch.StartNew();
        int rounds = 0;
        for (; clock.Elapsed.TotalSeconds < seconds && !TestContext.Current.CancellationToken.IsCancellationRequested; rounds++, seed++)
        {
            byte[] input = Damage(valid, new Random(seed));
            Try(parse, input, seed);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} inputs, the last one from seed {seed - 1}");
        Assert.True(rounds > 100, $"only {rounds} inputs in {seconds} seconds");
    }

    private static void Try(Action<byte[]> parse, byte[] input, int seed)
    {
        string where() => $"seed {seed}: {Convert.ToBase64String(input)}";
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch clock = Stopwatch.StartNew();
        try
        {
            parse(input);
        }
        catch (LayerImageException)
        {
            // A refusal.
        }
        catch (Exception e)
        {
            Assert.Fail($"{where()}: {e}");
        }
        Assert.True(clock.Elapsed < s_longest, $"{where()}: took {clock.Elapsed}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < (4 << 20) + (200L * input.Length), $"{where()}: allocated {GC.GetAllocatedBytesForCurrentThread() - before} bytes");
    }

    private static byte[] Damage(byte[][] valid, Random random)
    {
        List<byte> bytes = [.. valid[random.Next(valid.Length)]];
        for (int changes = random.Next(1, 6); changes > 0; changes--)
        {
            int at = random.Next(bytes.Count + 1), length = random.Next(0, Math.Min(40, bytes.Count - at) + 1);
            switch (random.Next(7))
            {
                case 0: bytes.RemoveRange(at, length); break;
                case 1: bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length)); break;
                case 2: bytes.InsertRange(at, Encoding.UTF8.GetBytes(s_words[random.Next(s_words.Length)])); break;
                case 3 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 4 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
                case 5: Replace(bytes, at, random); break;
                default: bytes.InsertRange(at, Enumerable.Repeat((byte)"[{\"a:, \n"[random.Next(8)], random.Next(1, 2000))); break;
            }
        }
        return [.. bytes];
    }

    // A value becomes another value: the document stays JSON and says nonsense.
    private static void Replace(List<byte> bytes, int at, Random random)
    {
        int colon = bytes.IndexOf((byte)':', Math.Min(at, Math.Max(0, bytes.Count - 1)));
        int end = colon < 0 ? -1 : bytes.FindIndex(colon, b => b is (byte)',' or (byte)'}' or (byte)']');
        if (end > colon)
        {
            bytes.RemoveRange(colon + 1, end - colon - 1);
            bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(s_words[random.Next(s_words.Length)]));
        }
    }
}
