using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Follows a path as a container would follow it (openat2(2), RESOLVE_IN_ROOT): through links that the tree itself has, where "/" is
/// the tree's root and the root is its own "..".
/// </summary>
internal static class LinkedPath
{
    /// <summary>As many links as the kernel follows in one path, path_resolution(7).</summary>
    public const int MostLinks = 40;

    /// <summary>Nodes of a tree, on the disk or in memory.</summary>
    /// <typeparam name="TNode">A node.</typeparam>
    public interface ITree<TNode>
        where TNode : class
    {
        /// <summary>What a directory has under a name, or what is made there; null when nothing is, and a whiteout is nothing.</summary>
        TNode? Child(TNode directory, NativePath name);

        /// <summary>What a link leads to; null when the node is none.</summary>
        NativePath? LinkOf(TNode node);

        /// <summary>Whether a node is a directory.</summary>
        bool IsDirectory(TNode node);

        /// <summary>Ends the use of a node that <see cref="Child"/> gave.</summary>
        void Close(TNode node)
        {
        }
    }

    /// <summary>The directory that a path leads to; null when a part is not there.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="root">Its root.</param>
    /// <param name="path">The names.</param>
    /// <param name="isBlocked">Whether a part of the path is or can be no directory, or there are too many links.</param>
    public static TNode? Follow<TNode>(ITree<TNode> tree, TNode root, ReadOnlySpan<NativePath> path, out bool isBlocked)
        where TNode : class
    {
        Stack<NativePath> left = new();
        Push(left, path);
        Stack<TNode> way = new([root]);
        isBlocked = false;
        try
        {
            for (int links = 0; left.TryPop(out NativePath name);)
            {
                if (name.Bytes.SequenceEqual(".."u8))
                {
                    Leave(tree, way, keep: Math.Max(1, way.Count - 1));
                    continue;
                }
                // Longer names than a directory can have may stand in a link's text.
                isBlocked = name.Bytes.Length > LayerPath.LongestName || way.Count > LayerPath.MostDepth;
                if (isBlocked || tree.Child(way.Peek(), name) is not TNode child)
                {
                    return null;
                }
                if (tree.LinkOf(child) is NativePath target && ++links <= MostLinks)
                {
                    tree.Close(child);
                    Leave(tree, way, keep: target.Bytes.StartsWith("/"u8) ? 1 : way.Count);
                    Push(left, Split(target));
                }
                else if (tree.IsDirectory(child))
                {
                    way.Push(child);
                }
                else
                {
                    tree.Close(child);
                    isBlocked = true;
                    return null;
                }
            }
            return way.Count == 1 ? root : way.Pop();
        }
        finally
        {
            Leave(tree, way, keep: 1);
        }
    }

    private static void Leave<TNode>(ITree<TNode> tree, Stack<TNode> way, int keep)
        where TNode : class
    {
        while (way.Count > keep)
        {
            tree.Close(way.Pop());
        }
    }

    private static void Push(Stack<NativePath> left, ReadOnlySpan<NativePath> steps)
    {
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            left.Push(steps[i]);
        }
    }

    private static NativePath[] Split(NativePath target)
    {
        List<NativePath> steps = [];
        foreach (Range range in target.Bytes.Split((byte)'/'))
        {
            ReadOnlySpan<byte> step = target.Bytes[range];
            if (step.Length > 0 && !step.SequenceEqual("."u8))
            {
                steps.Add(NativePath.From(step));
            }
        }
        return [.. steps];
    }
}
