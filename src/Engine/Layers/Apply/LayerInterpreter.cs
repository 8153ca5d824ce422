using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// How a layer's tar applies, whatever it is applied to: later entries take the place of earlier ones, whiteouts are for lower layers
/// only, a path may go through a link that the layer itself made, a hard link may come before its target. What is refused is refused
/// here, but for what only a file system or a tree's memory cannot hold.
/// </summary>
internal sealed class LayerInterpreter<TNode> : IDisposable
    where TNode : class
{
    private const long MostImpliedText = 256L << 20; // a path that is deep and long costs its own length for each part
    private const long MostKeptText = 64L << 20; // names that are kept to the end of the tar: millions of directories, or few with very long names

    private readonly ILayerTarget<TNode> _target;
    private readonly PathWalk<TNode> _parents, _linkTargets;
    private readonly List<LateLink> _lateLinks = [];
    private LayerPath _entry; // whose way is walked
    private bool _isStale; // something was removed since
    private long _impliedText, _keptText;

    public LayerInterpreter(ILayerTarget<TNode> target)
    {
        _target = target;
        _parents = new PathWalk<TNode>(target, target.Root, Make);
        _linkTargets = new PathWalk<TNode>(target, target.Root, missing: null);
    }

    /// <summary>Entries so far.</summary>
    public long Entries { get; private set; }

    /// <summary>Whether the tar describes the layer's root.</summary>
    public bool HasRoot { get; private set; }

    public void Dispose()
    {
        _parents.Dispose();
        _linkTargets.Dispose();
    }

    /// <summary>Applies the next entry.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/> or <see cref="EngineError.LayerTooLarge"/>.</exception>
    public void Apply(TarEntry entry)
    {
        Entries++;
        LayerPath path = LayerPath.Parse(entry.Name);
        if (path.IsRoot)
        {
            ApplyToRoot(entry);
        }
        else if (path.IsBookkeeping)
        {
            return;
        }
        else if (Whiteouts.IsWhiteout(path.Name))
        {
            ApplyWhiteout(path, entry);
        }
        else if (entry.Type == LayerNodeType.Directory)
        {
            ApplyDirectory(path, entry);
        }
        else if (entry.Type == LayerNodeType.HardLink)
        {
            ApplyHardLink(path, entry);
        }
        else
        {
            ApplyNode(path, entry);
        }
    }

    /// <summary>The tar is over: hard links whose targets came after them find them now.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/>.</exception>
    public void Finish()
    {
        foreach (LateLink link in _lateLinks)
        {
            LayerPath path = LayerPath.Parse(link.Name);
            if (!TryHardLink(path, link.Target))
            {
                throw LayerPath.Refuse(path, $"it is a hard link to '{link.Target}', which the layer does not have");
            }
        }
    }

    private void ApplyToRoot(TarEntry entry)
    {
        if (entry.Type != LayerNodeType.Directory)
        {
            throw LayerPath.Refuse(entry.Name, "the root of a layer is a directory");
        }
        HasRoot = true;
        _target.DescribeRoot(entry);
    }

    private void ApplyDirectory(LayerPath path, TarEntry entry)
    {
        TNode parent = OpenParent(path);
        if (!_target.TryMakeDirectory(parent, path.Name) && _target.TypeOf(parent, path.Name) != LayerNodeType.Directory)
        {
            MakeInsteadOfOther(parent, path.Name);
        }
        Keep(LayerPath.LengthOf(_target.PathLengthOf(parent), path.Name));
        _target.Describe(parent, path.Name, entry);
    }

    private void ApplyNode(LayerPath path, TarEntry entry)
    {
        if (entry.Type == LayerNodeType.SymbolicLink && entry.LinkName.Bytes.Length is 0 or > LayerPath.LongestCall)
        {
            throw LayerPath.Refuse(entry.Name, "a symbolic link's text has 1 to 4095 bytes");
        }
        if (entry is { Type: LayerNodeType.CharacterDevice, Attributes: { DeviceMajor: 0, DeviceMinor: 0 } })
        {
            throw LayerPath.Refuse(entry.Name, "a character device 0:0 is overlayfs's mark for a deleted file; a layer deletes by '.wh.' names");
        }
        TNode parent = OpenParent(path);
        if (!_target.TryPut(parent, path.Name, entry))
        {
            Remove(parent, path.Name);
            _target.TryPut(parent, path.Name, entry);
        }
    }

    private void ApplyHardLink(LayerPath path, TarEntry entry)
    {
        if (!TryHardLink(path, entry.LinkName))
        {
            Keep(entry.Name.Bytes.Length + entry.LinkName.Bytes.Length);
            _lateLinks.Add(new LateLink(entry.Name, entry.LinkName));
        }
    }

    private bool TryHardLink(LayerPath path, NativePath linkName)
    {
        LayerPath target = LayerPath.Parse(linkName);
        if (target.IsRoot)
        {
            throw LayerPath.Refuse(path, "a hard link needs a file as its target");
        }
        TNode parent = OpenParent(path);
        if (_linkTargets.Open(target.Parent) is not TNode directory || _target.TypeOf(directory, target.Name) is not LayerNodeType type)
        {
            return false;
        }
        if (type is LayerNodeType.Directory or LayerNodeType.Whiteout)
        {
            throw LayerPath.Refuse(path, $"its hard link target '{linkName}' is not a file");
        }
        LayerNodeType? existing = _target.TypeOf(parent, path.Name);
        if (existing == LayerNodeType.Directory)
        {
            throw LayerPath.Refuse(path, "a hard link cannot take the place of a directory of the same layer");
        }
        if (existing is not null)
        {
            if (_target.IsSameFile(directory, target.Name, parent, path.Name))
            {
                return true;
            }
            Remove(parent, path.Name);
        }
        _target.Link(directory, target.Name, parent, path.Name);
        return true;
    }

    private void ApplyWhiteout(LayerPath path, TarEntry entry)
    {
        if (Whiteouts.IsOpaque(path.Name))
        {
            _target.SetOpaque(OpenParent(path));
            return;
        }
        NativePath hidden = Whiteouts.Hidden(path.Name);
        if (hidden.Bytes.Length == 0 || hidden.Bytes.SequenceEqual("."u8) || hidden.Bytes.SequenceEqual(".."u8))
        {
            throw LayerPath.Refuse(entry.Name, "a whiteout names the file that it hides: '.wh.' and that name");
        }
        TNode parent = OpenParent(path);
        LayerNodeType? existing = _target.TypeOf(parent, hidden);
        if (existing is null)
        {
            _target.PutWhiteout(parent, hidden);
        }
        else if (existing == LayerNodeType.Directory)
        {
            // A whiteout speaks of lower layers only; what this layer itself put there stays, and is nothing of theirs.
            _target.SetOpaque(parent, hidden);
            if (_target.IsImplied(parent, hidden))
            {
                LeaveUndescribed(parent, hidden, isImplied: false);
            }
        }
    }

    private TNode OpenParent(LayerPath path)
    {
        if (_isStale)
        {
            _linkTargets.Forget();
            if (_parents.IsThroughLink)
            {
                _parents.Forget(); // else what was removed is beneath the way that is open, and not on it
            }
            _isStale = false;
        }
        _entry = path;
        return _parents.Open(path.Parent)!;
    }

    private TNode Make(TNode parent, NativePath name)
    {
        if (Whiteouts.IsWhiteout(name))
        {
            throw LayerPath.RefuseToMake(name, _entry);
        }
        bool isImplied = _target.TryMakeDirectory(parent, name);
        if (!isImplied)
        {
            MakeInsteadOfOther(parent, name); // of a whiteout: all else is on the way, and not missing
        }
        LeaveUndescribed(parent, name, isImplied);
        return _target.Child(parent, name) ?? throw LayerPath.Refuse(_entry, "a part of its path cannot be made");
    }

    private void LeaveUndescribed(TNode parent, NativePath name, bool isImplied)
    {
        int length = LayerPath.LengthOf(_target.PathLengthOf(parent), name);
        if (!isImplied)
        {
            Keep(length);
        }
        else if ((_impliedText += length) > MostImpliedText)
        {
            throw TooManyNames("directories that it uses and does not describe", MostImpliedText);
        }
        _target.LeaveUndescribed(parent, name, isImplied);
    }

    // Deleted, or replaced by a file, and made again in one layer: nothing of the lower directory may show through.
    private void MakeInsteadOfOther(TNode parent, NativePath name)
    {
        Remove(parent, name);
        _target.TryMakeDirectory(parent, name);
        _target.SetOpaque(parent, name);
    }

    private void Remove(TNode parent, NativePath name)
    {
        _target.Remove(parent, name);
        _isStale = true;
    }

    private void Keep(int length)
    {
        _keptText += length;
        if (_keptText > MostKeptText)
        {
            throw TooManyNames("its directories and late links", MostKeptText);
        }
    }

    private static LayerImageException TooManyNames(string what, long most) =>
        new(EngineError.LayerTooLarge, $"The layer is refused: names of {what} have more than {most >> 20} MiB.")
        { Advice = "The image was built wrongly or is hostile; ask who made it." };
}
