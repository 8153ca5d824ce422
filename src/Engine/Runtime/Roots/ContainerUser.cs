namespace LayerImage.Engine.Runtime;

/// <summary>A USER resolved inside a root file system.</summary>
/// <param name="Uid">The user's number.</param>
/// <param name="Gid">The primary group's number.</param>
/// <param name="Groups">All groups, the primary one first (CVE-2022-36109).</param>
/// <param name="Home">The home folder: that of /etc/passwd, else /.</param>
internal sealed record ContainerUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string Home)
{
    /// <summary>Root where there is no /etc/passwd.</summary>
    public static ContainerUser Root { get; } = new(0, 0, [0], "/");
}
