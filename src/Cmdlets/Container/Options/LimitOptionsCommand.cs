using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Base;

/// <summary>Options of a new container: how much it may have, and what it may do.</summary>
public abstract class LimitOptionsCommand : ContainerSelectionCommand
{
    /// <summary>The set of parameters with -Image.</summary>
    protected const string ImageSet = "Image";

    /// <summary>The set of parameters with a piped image.</summary>
    protected const string ImageObjectSet = "ImageObject";

    /// <summary>Memory limit: '512m', 512mb; 0 is none.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ByteSizeTransformation]
    [Alias("m")]
    public long? Memory { get; set; }

    /// <summary>Size of /dev/shm: '256m', 1gb; docker's 64 MiB when it is left out.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ByteSizeTransformation]
    public long? ShmSize { get; set; }

    /// <summary>Processors: 1.5.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public decimal? Cpu { get; set; }

    /// <summary>The most processes; 0 and -1 are no limit.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public long? PidsLimit { get; set; }

    /// <summary>Resource limits, in docker's syntax: 'nofile=1024:2048', 'core=0'; -1 is no limit.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(UlimitCompleter))]
    public string[] Ulimit { get; set; } = [];

    /// <summary>Kernel parameters of the container's own: 'net.core.somaxconn=1024' or a hashtable.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [NameValueTransformation]
    public string[] Sysctl { get; set; } = [];

    /// <summary>A read-only root file system.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Capabilities to add: NET_ADMIN, ALL.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] CapAdd { get; set; } = [];

    /// <summary>Capabilities to take away.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] CapDrop { get; set; } = [];

    /// <summary>All capabilities, no seccomp, no masked paths.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter Privileged { get; set; }

    /// <summary>Adds what the parameters say to what is asked. Each class of options adds its own.</summary>
    private protected virtual ContainerRequest Ask(ContainerRequest request) => request with
    {
        Memory = Memory,
        ShmSize = ShmSize,
        Cpu = Cpu,
        PidsLimit = PidsLimit,
        Ulimits = [.. Ulimit.Select(LayerImage.Engine.Containers.Ulimit.Parse)],
        Sysctls = [.. Sysctl.Select(LayerImage.Engine.Containers.Sysctl.Parse)],
        ReadOnly = ReadOnly,
        CapAdd = CapAdd,
        CapDrop = CapDrop,
        Privileged = Privileged,
    };
}
