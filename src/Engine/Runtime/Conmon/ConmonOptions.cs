namespace LayerImage.Engine.Runtime;

/// <summary>What conmon's command line is made from.</summary>
internal sealed record ConmonOptions
{
    public required string ConmonPath { get; init; }

    public required string RuntimePath { get; init; }

    public required string RuntimeRoot { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Bundle { get; init; }

    public required string ExitDirectory { get; init; }

    public required string LogPath { get; init; }

    public bool Terminal { get; init; }

    public bool StandardInput { get; init; }

    public bool LeaveStandardInputOpen { get; init; }

    public IReadOnlyList<string> ExitCommand { get; init; } = [];
}
