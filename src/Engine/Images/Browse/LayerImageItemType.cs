namespace LayerImage.Engine.Images.Browse;

/// <summary>What an item of the drive is.</summary>
public enum LayerImageItemType : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>A folder of the drive itself: "images", a repository, "layers".</summary>
    Folder,
    /// <summary>An image, by its tag or id.</summary>
    Image,
    /// <summary>A layer.</summary>
    Layer,
    /// <summary>A container.</summary>
    Container,
    /// <summary>A regular file, or one of an image's documents.</summary>
    File,
    /// <summary>A directory.</summary>
    Directory,
    /// <summary>A symbolic link.</summary>
    SymbolicLink,
    /// <summary>A character device.</summary>
    CharacterDevice,
    /// <summary>A block device.</summary>
    BlockDevice,
    /// <summary>A named pipe.</summary>
    Fifo,
    /// <summary>A socket, in a container.</summary>
    Socket,
    /// <summary>A mark in a layer: what lower layers have under this name is deleted.</summary>
    Whiteout,
}
