namespace LayerImage.Engine.Layers;

/// <summary>What of a path is different.</summary>
[Flags]
public enum LayerChangeAttributes : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>Nothing, or the path is on one side only.</summary>
    None = 0,
    /// <summary>What kind of file it is; a device's kind too.</summary>
    Type = 1,
    /// <summary>A regular file's bytes; without a comparison of the content, its size or time.</summary>
    Content = 2,
    /// <summary>Permission bits.</summary>
    Mode = 4,
    /// <summary>User or group.</summary>
    Owner = 8,
    /// <summary>Bytes of a regular file.</summary>
    Size = 16,
    /// <summary>When it was modified, to the nanosecond.</summary>
    Time = 32,
    /// <summary>Extended attributes, capabilities and access lists among them.</summary>
    XAttr = 64,
    /// <summary>A symbolic link's text.</summary>
    LinkTarget = 128,
    /// <summary>A device's numbers.</summary>
    Device = 256,
}
