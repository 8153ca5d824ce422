namespace LayerImage.Cmdlets.Commands;

/// <summary>What a command inside a container returned and wrote.</summary>
public sealed class ContainerCommandResult
{
    /// <summary>Its exit code.</summary>
    public required int ExitCode { get; init; }

    /// <summary>The lines of its standard output.</summary>
    public required IReadOnlyList<string> Output { get; init; }

    /// <summary>The lines of its standard error.</summary>
    public required IReadOnlyList<string> Error { get; init; }

    /// <summary>How long it ran.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The container.</summary>
    public required string ContainerName { get; init; }

    /// <summary>The lines of its standard output.</summary>
    public override string ToString() => string.Join(Environment.NewLine, Output);
}
