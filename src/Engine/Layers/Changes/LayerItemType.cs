namespace LayerImage.Engine.Layers;

/// <summary>What kind of file a path is.</summary>
public enum LayerItemType : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>A regular file.</summary>
    File,
    /// <summary>A directory.</summary>
    Directory,
    /// <summary>A symbolic link.</summary>
    SymbolicLink,
    /// <summary>A device, fifo or socket.</summary>
    Special,
}
