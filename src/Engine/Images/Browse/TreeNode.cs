using System.Globalization;
using System.Text;
using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Images.Browse;

/// <summary>A file or directory in an image, a layer or a container.</summary>
/// <param name="path">Its path in the drive.</param>
/// <param name="tree">The tree that it is in.</param>
/// <param name="node">What the tree has there.</param>
/// <param name="above">The node that it was reached from; null for the tree's root.</param>
internal sealed class TreeNode(string path, BrowsedTree tree, UnionNode node, TreeNode? above) : DriveNode(path)
{
    private const int LongestKeptListing = 4096;

    // Where the node really is: itself, or what its link leads to.
    private readonly Lazy<UnionNode?> _target = new(() => node.Node.Type == LayerNodeType.SymbolicLink ? tree.Resolve(node) : node);
    private List<DriveNode>? _listing;

    public override bool IsStable => tree.IsStable;

    public override LayerImageItem Item => Describe();

    // A link back to a directory that the path has come through would let a recursive listing run in circles.
    public override bool IsContainer => _target.Value is { IsDirectory: true } target && (node.IsDirectory || !Passes(target));

    public override DriveNode? Child(string name, CancellationToken cancellationToken) =>
        _target.Value is { IsDirectory: true } directory && tree.Find(directory, BrowseNames.Decode(name)) is UnionNode child
            ? new TreeNode($"{Path}/{name}", tree, child, this)
            : null;

    public override IEnumerable<DriveNode> Children(CancellationToken cancellationToken)
    {
        if (_listing is not null)
        {
            foreach (DriveNode known in _listing)
            {
                yield return known;
            }
            yield break;
        }
        if (_target.Value is not { IsDirectory: true } directory)
        {
            yield break;
        }
        List<DriveNode> listing = [];
        foreach (UnionNode child in tree.List(directory))
        {
            cancellationToken.ThrowIfCancellationRequested();
            TreeNode listed = new($"{Path}/{BrowseNames.Encode(child.Node.Name.Bytes)}", tree, child, this);
            if (listing.Count <= LongestKeptListing)
            {
                listing.Add(listed);
            }
            yield return listed;
        }
        _listing = tree.IsStable && listing.Count <= LongestKeptListing ? listing : null;
    }

    public override Stream Open(CancellationToken cancellationToken) => _target.Value switch
    {
        null => throw NoContent($"The link '{Item.FullPath}' to '{Item.LinkTarget}' leads nowhere in the image, or in circles", "Get-Item shows its target."),
        { Node.Type: LayerNodeType.File } file => tree.Open(file, cancellationToken),
        { Node.Type: LayerNodeType.Directory } => throw NoContent($"'{Item.FullPath}' is a directory and has no content", "Get-ChildItem lists it."),
        { Node.Type: LayerNodeType.Whiteout } =>
            throw NoContent($"'{Item.FullPath}' is a mark in this layer that the name is deleted; it has no content", "Look into a layer below."),
        _ => throw NoContent($"'{Item.FullPath}' is a device, a pipe or a socket; an image has no content of it", "Get-Item shows what it is."),
    };

    private bool Passes(UnionNode directory)
    {
        string key = Key(directory);
        for (TreeNode? ancestor = above; ancestor is not null; ancestor = ancestor.Above)
        {
            if (ancestor._target.Value is UnionNode passed && Key(passed) == key)
            {
                return true;
            }
        }
        return false;
    }

    private TreeNode? Above => above;

    private static string Key(UnionNode node)
    {
        StringBuilder key = new();
        for (UnionNode at = node; at.Parent is not null; at = at.Parent)
        {
            key.Insert(0, Encoding.Latin1.GetString(at.Node.Name.Bytes)).Insert(0, '/');
        }
        return key.ToString();
    }

    private LayerImageItem Describe()
    {
        LayerNode shown = node.Node;
        bool isDevice = shown.Type is LayerNodeType.CharacterDevice or LayerNodeType.BlockDevice;
        return ItemOf(Path, TypeOf(shown.Type)) with
        {
            Length = shown.Type == LayerNodeType.File ? shown.Attributes.Size : null,
            Mode = ModeText(shown),
            Permissions = shown.Type == LayerNodeType.Whiteout ? null : shown.Attributes.Permissions,
            Uid = shown.Type == LayerNodeType.Whiteout ? null : shown.Attributes.Uid,
            Gid = shown.Type == LayerNodeType.Whiteout ? null : shown.Attributes.Gid,
            LastWriteTime = shown.Type == LayerNodeType.Whiteout ? null : Time(shown),
            LinkTarget = shown.Type == LayerNodeType.SymbolicLink ? BrowseNames.Encode(shown.LinkTarget.Bytes, isPath: true) : null,
            Device = isDevice ? string.Create(CultureInfo.InvariantCulture, $"{shown.Attributes.DeviceMajor}:{shown.Attributes.DeviceMinor}") : null,
            XAttrNames = [.. shown.XAttrNames.Select(name => BrowseNames.Encode(name.Bytes))],
            IsOpaque = shown.IsOpaque,
            LayerDiffId = tree.DiffIdOf(node),
            IsContainer = IsContainer,
        };
    }

    private static DateTimeOffset Time(LayerNode node) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(node.Attributes.ModifiedSeconds, -62135596800, 253402300799))
            .AddTicks(node.Attributes.ModifiedNanoseconds % 1_000_000_000 / 100);

    private static LayerImageItemType TypeOf(LayerNodeType type) =>
        Enum.TryParse(type.ToString(), out LayerImageItemType same) ? same : LayerImageItemType.File;

    private static string ModeText(LayerNode node)
    {
        if (node.Type == LayerNodeType.Whiteout)
        {
            return "w---------";
        }
        StringBuilder text = new("" + "-dlcbps?"[Math.Min((int)node.Type, 7)]);
        for (int bit = 8; bit >= 0; bit--)
        {
            text.Append((node.Attributes.Permissions & (1 << bit)) != 0 ? "xwr"[bit % 3] : '-');
        }
        Special(text, 3, (node.Attributes.Permissions & 0x800) != 0, 's');
        Special(text, 6, (node.Attributes.Permissions & 0x400) != 0, 's');
        Special(text, 9, (node.Attributes.Permissions & 0x200) != 0, 't');
        return text.ToString();
    }

    private static void Special(StringBuilder text, int at, bool isSet, char letter)
    {
        if (isSet)
        {
            text[at] = text[at] == 'x' ? letter : char.ToUpperInvariant(letter);
        }
    }
}
