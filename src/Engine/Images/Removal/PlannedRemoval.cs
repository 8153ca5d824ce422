using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Images;

/// <summary>What the removal of one of several images would do, or why it is not possible.</summary>
public sealed record PlannedRemoval
{
    /// <summary>The image that would be removed.</summary>
    public required Image Image { get; init; }

    /// <summary>What would be done; null when it is not possible.</summary>
    public ImageRemoval? Removal { get; init; }

    /// <summary>What blocks the removal; null when nothing does.</summary>
    public LayerImageException? Failure { get; init; }
}
