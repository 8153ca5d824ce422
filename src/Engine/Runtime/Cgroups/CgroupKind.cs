namespace LayerImage.Engine.Runtime;

/// <summary>How the host arranges control groups.</summary>
internal enum CgroupKind
{
    /// <summary>None are mounted, or they cannot be written.</summary>
    None,

    /// <summary>Version 1: one hierarchy for each controller.</summary>
    V1,

    /// <summary>Version 1 beside a version 2 mount at /sys/fs/cgroup/unified.</summary>
    Hybrid,

    /// <summary>Version 2: one hierarchy for all controllers.</summary>
    V2,
}
