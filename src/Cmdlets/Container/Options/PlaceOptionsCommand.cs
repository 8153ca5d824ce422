using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Network;

namespace LayerImage.Cmdlets.Base;

/// <summary>Options of a new container: what it has of the host, its ports, folders and network.</summary>
public abstract class PlaceOptionsCommand : LimitOptionsCommand
{
    /// <summary>Ports to publish, in docker's syntax: '8081:8080', '127.0.0.1::80', '53:53/udp'.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(PublishCompleter))]
    [Alias("p")]
    public string[] Publish { get; set; } = [];

    /// <summary>Publish every exposed port at a random host port.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter PublishAll { get; set; }

    /// <summary>Open the published ports in the host's firewall while the container runs.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter OpenHostPort { get; set; }

    /// <summary>Bind mounts: '/host:/container[:ro,rslave]'.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [Alias("v")]
    public string[] Volume { get; set; } = [];

    /// <summary>Folders in memory: '/run', '/tmp:size=64m,mode=1777'.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public string[] Tmpfs { get; set; } = [];

    /// <summary>The network: bridge, host or none.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ValidateSet("bridge", "host", "none")]
    public string Network { get; set; } = "bridge";

    /// <inheritdoc/>
    private protected override ContainerRequest Ask(ContainerRequest request) => base.Ask(request) with
    {
        Publish = [.. Publish.Select(PortMapping.Parse)],
        PublishAll = PublishAll,
        OpenHostPort = OpenHostPort,
        Volumes = [.. JoinOptions(Volume, IsVolumeOption).Select(volume => VolumeMount.Parse(ResolveVolume(volume)))],
        Tmpfs = [.. JoinOptions(Tmpfs, (tmpfs, next) => tmpfs.Contains(':', StringComparison.Ordinal) && !next.StartsWith('/')).Select(TmpfsMount.Parse)],
        Network = NetworkMode.Parse(Network),
    };

    // PowerShell takes the comma of '/a:/b:ro,z' for a list's.
    private static List<string> JoinOptions(string[] volumes, Func<string, string, bool> joins)
    {
        List<string> joined = [];
        foreach (string volume in volumes)
        {
            if (joined.Count > 0 && joins(joined[^1], volume))
            {
                joined[^1] += "," + volume;
            }
            else
            {
                joined.Add(volume);
            }
        }
        return joined;
    }

    // No volume is called as an option is.
    private static bool IsVolumeOption(string volume, string next) => volume.Count(c => c == ':') == 2 && RequestVocabulary.VolumeOptions.Contains(next);

    // A relative source is relative to the session's location, which is not the process's.
    private string ResolveVolume(string volume) => volume.StartsWith('.') && volume.IndexOf(':', StringComparison.Ordinal) is int colon and > 0
        ? ResolvePath(volume[..colon]) + volume[colon..]
        : volume;
}
