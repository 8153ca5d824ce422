using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// What a layer's tar is applied to: a directory on the disk, or a tree in memory. It does what it is told and decides nothing;
/// <see cref="LayerInterpreter{TNode}"/> has the rules, once for all. A directory that has been made gets one of
/// <see cref="Describe"/> and <see cref="LeaveUndescribed"/>.
/// </summary>
/// <typeparam name="TNode">A node; a directory's is open.</typeparam>
internal interface ILayerTarget<TNode> : LinkedPath.ITree<TNode>
    where TNode : class
{
    TNode Root { get; }

    /// <summary>Bytes of a directory's path; 0 for the root.</summary>
    int PathLengthOf(TNode directory);

    /// <summary>What is under a name; null when nothing is.</summary>
    LayerNodeType? TypeOf(TNode directory, NativePath name);

    /// <summary>Whether two names, which are there, are one file's.</summary>
    bool IsSameFile(TNode directory, NativePath name, TNode otherDirectory, NativePath otherName);

    /// <summary>Makes a directory; false when the name is taken.</summary>
    bool TryMakeDirectory(TNode parent, NativePath name);

    /// <summary>Gives a directory what the tar says of it. What it says twice adds up where it is not the same attribute.</summary>
    void Describe(TNode parent, NativePath name, TarEntry entry);

    /// <summary>The same for the root.</summary>
    void DescribeRoot(TarEntry entry);

    /// <summary>Nobody says what a directory looks like: as the one below it where it is implied, else as root makes one, and old.</summary>
    void LeaveUndescribed(TNode parent, NativePath name, bool isImplied);

    /// <summary>Whether a directory is to look as the one below it.</summary>
    bool IsImplied(TNode parent, NativePath name);

    /// <summary>Makes all that is neither directory nor another name; false when the name is taken.</summary>
    bool TryPut(TNode parent, NativePath name, TarEntry entry);

    /// <summary>Gives a file another name, which is not taken.</summary>
    void Link(TNode directory, NativePath file, TNode parent, NativePath name);

    /// <summary>Deletes a name, which is not taken, for the layers below.</summary>
    void PutWhiteout(TNode parent, NativePath name);

    /// <summary>A directory hides all that is below it.</summary>
    void SetOpaque(TNode directory);

    /// <summary>The directory of that name hides all that is below it.</summary>
    void SetOpaque(TNode parent, NativePath name);

    /// <summary>Removes a name with all beneath it.</summary>
    void Remove(TNode parent, NativePath name);
}
