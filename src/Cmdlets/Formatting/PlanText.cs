using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Formatting;

/// <summary>What a pull would do, in words: for <c>-WhatIf</c>.</summary>
internal static class PlanText
{
    /// <summary>One line for the image and one for each layer.</summary>
    public static string Describe(PullPlan plan)
    {
        if (plan.IsUpToDate)
        {
            return $"{plan.Reference} is here and up to date: nothing would be received.";
        }
        string added = plan.BytesAdded is long bytes ? $", {ByteSize.Format(bytes)} more on disk" : "";
        return string.Join(Environment.NewLine,
        [
            $"Receive image {plan.Reference} ({plan.Platform}): {ByteSize.Format(plan.BytesToReceive)} to receive{added}.",
            .. plan.Layers.Select(layer =>
                $"  {layer.Position,2} {layer.Digest[(layer.Digest.IndexOf(':', StringComparison.Ordinal) + 1)..][..12]}  {Describe(layer)}"),
        ]);
    }

    private static string Describe(PullPlanLayer layer)
    {
        string shared = layer.SharedWith.Count > 0 ? $", shared with {string.Join(", ", layer.SharedWith)}" : "";
        if (layer.Present)
        {
            return "here" + shared;
        }
        string all = layer.BytesToReceive < layer.DownloadSize ? $" of {ByteSize.Format(layer.DownloadSize)}" : "";
        string unpacked = layer.BytesOnDisk is long disk ? $", {ByteSize.Format(disk)} on disk" : "";
        return $"{ByteSize.Format(layer.BytesToReceive)} to receive{all}{unpacked}{shared}";
    }
}
