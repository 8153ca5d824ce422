namespace LayerImage.Engine.Layers;

/// <summary>How layers unite, wherever their names are read from: on the disk, or in an index.</summary>
internal static class UnionRule
{
    /// <summary>
    /// The directories that are merged under one name: those of the layers from the top one down to a file, a whiteout or a directory
    /// that hides all below it. What is further down is not asked for.
    /// </summary>
    /// <param name="sameName">What the layers have under the name, the top one first; those that have nothing are left out.</param>
    /// <param name="open">Opens a directory; null for all that is none.</param>
    /// <param name="isOpaque">Whether a directory hides all below it.</param>
    /// <param name="merged">Takes the directories.</param>
    /// <returns>Whether they hide what is below all of these layers.</returns>
    public static bool Merge<TEntry, TDirectory>(
        IEnumerable<TEntry> sameName, Func<TEntry, TDirectory?> open, Func<TDirectory, bool> isOpaque, List<TDirectory> merged)
        where TDirectory : class
    {
        foreach (TEntry entry in sameName)
        {
            if (open(entry) is not TDirectory directory)
            {
                return true;
            }
            merged.Add(directory);
            if (isOpaque(directory))
            {
                return true;
            }
        }
        return false;
    }
}
