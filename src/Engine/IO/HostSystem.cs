namespace LayerImage.Engine.IO;

/// <summary>What the system below can do. All that is not Linux goes the portable way: images can be handled everywhere.</summary>
internal static class HostSystem
{
    /// <summary>
    /// Whether Linux's own calls are used. The switch <c>LayerImage.Portable</c> turns them off, so that a test on Linux
    /// sees what other systems would.
    /// </summary>
    public static bool IsLinux { get; } = OperatingSystem.IsLinux() && !(AppContext.TryGetSwitch("LayerImage.Portable", out bool portable) && portable);
}
