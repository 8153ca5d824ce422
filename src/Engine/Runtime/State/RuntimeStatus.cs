namespace LayerImage.Engine.Runtime;

/// <summary>What the kernel says about a container.</summary>
internal enum RuntimeStatus
{
    /// <summary>The runtime knows no such container.</summary>
    Unknown,

    /// <summary>Made, its program not yet started.</summary>
    Created,

    /// <summary>Its program runs.</summary>
    Running,

    /// <summary>Every process of it is frozen.</summary>
    Paused,

    /// <summary>Its program has ended.</summary>
    Stopped,
}
