using LayerImage.Engine.Text;

namespace LayerImage.Engine.Images.Browse;

/// <summary>An item of the drive: a folder of it, an image, or a file in an image, a layer or a container.</summary>
public sealed record LayerImageItem
{
    /// <summary>
    /// Its name. Bytes that are no UTF-8, control characters and backslashes stand as the characters U+F000 + byte, so that
    /// every name is one component of a path and can be given back.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The path with the drive: "LayerImage:/images/tomcat/9/rootfs/etc/passwd".</summary>
    public required string FullPath { get; init; }

    /// <summary>What kind of item this is.</summary>
    public required LayerImageItemType Type { get; init; }

    /// <summary>Bytes of a file, holes included; null for all else.</summary>
    public long? Length { get; init; }

    /// <summary>Type and permissions as ls shows them: "drwxr-xr-x"; null for a folder of the drive.</summary>
    public string? Mode { get; init; }

    /// <summary>Permission bits with setuid, setgid and sticky; null for a folder of the drive.</summary>
    public int? Permissions { get; init; }

    /// <summary>The owner's user id.</summary>
    public long? Uid { get; init; }

    /// <summary>The owning group's id.</summary>
    public long? Gid { get; init; }

    /// <summary>When the item was modified, to 100 ns.</summary>
    public DateTimeOffset? LastWriteTime { get; init; }

    /// <summary>A symbolic link's text.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>Major and minor number of a device: "1:3".</summary>
    public string? Device { get; init; }

    /// <summary>Names of extended attributes.</summary>
    public IReadOnlyList<string> XAttrNames { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Whether the item is a mark that deletes what lower layers have under its name.</summary>
    public bool IsWhiteout => Type == LayerImageItemType.Whiteout;

    /// <summary>Whether the item is a directory that hides all that lower layers have in it.</summary>
    public bool IsOpaque { get; init; }

    /// <summary>The DiffID of the layer that it comes from; null for what a container changed.</summary>
    public string? LayerDiffId { get; init; }

    /// <summary>Whether there are items in this one. In a symbolic link to a directory there are: those of its target.</summary>
    public bool IsContainer { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FullPath;
}
