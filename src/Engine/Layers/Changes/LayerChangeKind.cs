namespace LayerImage.Engine.Layers;

/// <summary>What happened to a path.</summary>
public enum LayerChangeKind : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>It was not there before.</summary>
    Added,
    /// <summary>Its content or attributes are different.</summary>
    Modified,
    /// <summary>It is gone. A directory stands for all that was in it.</summary>
    Deleted,
    /// <summary>It is as it was: only when equal paths are asked for.</summary>
    Equal,
}
