namespace LayerImage.Engine.Runtime;

/// <summary>Which system calls a container may make.</summary>
internal enum SeccompMode
{
    /// <summary>docker's default profile.</summary>
    Default,

    /// <summary>All of them.</summary>
    Unconfined,
}
