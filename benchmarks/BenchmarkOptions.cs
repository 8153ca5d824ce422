namespace LayerImage.Benchmarks;

/// <summary>What was asked for on the command line.</summary>
internal sealed record BenchmarkOptions
{
    /// <summary>Two rounds of each.</summary>
    public required bool Quick { get; init; }

    /// <summary>Rows whose names contain one of these; all when it is empty.</summary>
    public required IReadOnlyList<string> Only { get; init; }

    /// <summary>The checkout.</summary>
    public required string Repository { get; init; }

    /// <summary>The program that a cold process is.</summary>
    public string Program => Path.Combine(Repository, "layerimage");

    /// <summary>Reads the command line.</summary>
    public static BenchmarkOptions Parse(IReadOnlyList<string> arguments) => new()
    {
        Quick = arguments.Contains("--quick"),
        Only = [.. ValuesOf(arguments, "--only")],
        Repository = ValuesOf(arguments, "--repository").LastOrDefault() ?? Environment.CurrentDirectory,
    };

    /// <summary>How often something is done.</summary>
    public int Rounds(int full) => Quick ? Math.Min(full, 2) : full;

    /// <summary>Whether a row was asked for.</summary>
    public bool Wants(string row) => Only.Count == 0 || Only.Any(text => row.Contains(text, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> ValuesOf(IReadOnlyList<string> arguments, string option) =>
        arguments.Zip(arguments.Skip(1)).Where(pair => pair.First == option).Select(pair => pair.Second);
}
