namespace LayerImage.Engine.Runtime;

/// <summary>What became of the search for a container's program.</summary>
internal enum CommandResolution
{
    /// <summary>It is there and executable.</summary>
    Found,

    /// <summary>It lies, or may lie, where only the running container can look: a volume, /proc.</summary>
    Unknown,

    /// <summary>It is not there: exit code 127.</summary>
    NotFound,

    /// <summary>It is there and is a folder or has no execute permission: exit code 126.</summary>
    NotExecutable,
}
