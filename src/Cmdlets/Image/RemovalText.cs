using LayerImage.Cmdlets.Formatting;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Base;

/// <summary>Words about a removal for -WhatIf and -Confirm.</summary>
internal static class RemovalText
{
    /// <summary>What it happens to.</summary>
    public static string Target(PlannedRemoval plan) => plan.Removal is { Untagged.Count: > 0 } removal ? string.Join(", ", removal.Untagged) : plan.Image.Id;

    /// <summary>What happens. The bytes are exact, for scripts and for those who count.</summary>
    public static string Action(PlannedRemoval plan) => plan.Removal is { Deleted: true } removal
        ? $"Remove image and free {ByteSize.Format(removal.BytesFreed)} ({removal.BytesFreed} bytes)"
        : "Remove tag, the image stays under its other names";
}
