namespace LayerImage.Engine.Maintenance;

/// <summary>What was done about an issue.</summary>
public sealed record StoreRepair
{
    /// <summary>The issue that was to be mended.</summary>
    public required IntegrityIssue Issue { get; init; }

    /// <summary>Whether the issue is mended.</summary>
    public required bool IsRepaired { get; init; }

    /// <summary>What was done, or why nothing could be.</summary>
    public required string Message { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Message;
}
