using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Follows a path through a tree in memory as a container would follow it (openat2(2), RESOLVE_IN_ROOT): through links that the
/// tree itself has, where "/" is the tree's root and the root is its own "..".
/// </summary>
internal static class LinkedPath
{
    /// <summary>As many links as the kernel follows in one path, path_resolution(7).</summary>
    public const int MostLinks = 40;

    /// <summary>Nodes of a tree.</summary>
    /// <typeparam name="TNode">A node.</typeparam>
    public interface ITree<TNode>
        where TNode : class
    {
        /// <summary>What a directory has under a name, or what is made there; null when nothing is and nothing is to be made.</summary>
        TNode? Child(TNode directory, string name);

        /// <summary>What a link leads to; null when the node is none.</summary>
        string? LinkOf(TNode node);

        /// <summary>Whether a node is a directory.</summary>
        bool IsDirectory(TNode node);
    }

    /// <summary>The directory that a path leads to; null when a part is not there.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="root">Its root.</param>
    /// <param name="path">The names.</param>
    /// <param name="isBlocked">Whether a part of the path is or can be no directory, or there are too many links.</param>
    public static TNode? Follow<TNode>(ITree<TNode> tree, TNode root, ReadOnlySpan<NativePath> path, out bool isBlocked)
        where TNode : class
    {
        TNode here = root;
        foreach (NativePath name in path)
        {
            if (tree.Child(here, LayerIndexEntry.Text(name)) is not TNode child)
            {
                isBlocked = false;
                return null;
            }
            if (!tree.IsDirectory(child))
            {
                // Few paths go through a link, and an entry has a path each: only these few need the way back.
                return FollowLinks(tree, root, path, out isBlocked);
            }
            here = child;
        }
        isBlocked = false;
        return here;
    }

    private static TNode? FollowLinks<TNode>(ITree<TNode> tree, TNode root, ReadOnlySpan<NativePath> path, out bool isBlocked)
        where TNode : class
    {
        Stack<string> left = new();
        for (int i = path.Length - 1; i >= 0; i--)
        {
            left.Push(LayerIndexEntry.Text(path[i]));
        }
        Stack<TNode> way = new([root]);
        isBlocked = false;
        for (int links = 0; left.TryPop(out string? name);)
        {
            if (name == "..")
            {
                if (way.Count > 1)
                {
                    way.Pop();
                }
                continue;
            }
            if (name.Length > LayerPath.LongestName)
            {
                isBlocked = true; // which a link's text may hold, and no directory
                return null;
            }
            if (tree.Child(way.Peek(), name) is not TNode child)
            {
                return null;
            }
            if (tree.LinkOf(child) is string target && ++links <= MostLinks)
            {
                if (target.StartsWith('/'))
                {
                    way = new([root]);
                }
                foreach (string step in target.Split('/').Reverse().Where(step => step is not ("" or ".")))
                {
                    left.Push(step);
                }
                continue;
            }
            if (!tree.IsDirectory(child) || way.Count > LayerPath.MostDepth)
            {
                isBlocked = true;
                return null;
            }
            way.Push(child);
        }
        return way.Peek();
    }
}
