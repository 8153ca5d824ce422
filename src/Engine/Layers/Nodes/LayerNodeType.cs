namespace LayerImage.Engine.Layers;

/// <summary>What is under a name of a layer, wherever the layer is read: in its tar, on the disk, in an index (whose bytes these numbers are).</summary>
internal enum LayerNodeType : byte
{
    File,
    Directory,
    SymbolicLink,
    CharacterDevice,
    BlockDevice,
    Fifo,

    /// <summary>On the disk only: no tar holds one.</summary>
    Socket,

    /// <summary>A name that hides what lower layers have under it. A tar says that by a name of its own.</summary>
    Whiteout,

    /// <summary>In a tar only: another name of a file that has its own entry.</summary>
    HardLink,
}
