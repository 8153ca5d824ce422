using System.Text.Json.Serialization;

namespace LayerImage.Engine.Containers;

/// <summary>
/// All that was decided about a container when it was made: image defaults and the user's parameters, merged. Kept as
/// JSON in its record; a start, a command inside and a commit work from it alone.
/// </summary>
public sealed record ContainerSpec
{
    /// <summary>The image as the user named it.</summary>
    public required string Image { get; init; }

    /// <summary>The image's id.</summary>
    public required string ImageId { get; init; }

    /// <summary>The image's platform ("linux/amd64"); null of a container that an earlier version made.</summary>
    public string? Platform { get; init; }

    /// <summary>The program and its first arguments, from -Entrypoint or the image.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>Further arguments, from -Command or the image.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>"NAME=value": the image's and the user's.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Where the program starts; empty for the root.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary>Docker's USER syntax; empty for root.</summary>
    public string User { get; init; } = "";

    /// <summary>The container's name for itself.</summary>
    public required string Hostname { get; init; }

    /// <summary>Free text by key.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Published ports in docker's syntax; host ports are chosen once and kept.</summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    /// <summary>Ports the image and the user say the program listens on: "8080/tcp".</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    /// <summary>Bind mounts: "source:destination[:options]".</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Whether other hosts may reach the published ports through the host's firewall.</summary>
    public bool OpenHostPort { get; init; }

    /// <summary>"bridge", "host" or "none".</summary>
    public string Network { get; init; } = "bridge";

    /// <summary>A terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Standard input is open for who attaches.</summary>
    public bool Interactive { get; init; }

    /// <summary>Removed when it ends.</summary>
    public bool AutoRemove { get; init; }

    /// <summary>The root file system is read-only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>All capabilities, no seccomp, no masked paths.</summary>
    public bool Privileged { get; init; }

    /// <summary>Capabilities beyond the default ones.</summary>
    public IReadOnlyList<string> CapAdd { get; init; } = [];

    /// <summary>Default capabilities taken away.</summary>
    public IReadOnlyList<string> CapDrop { get; init; } = [];

    /// <summary>Bytes of memory, or null for no limit.</summary>
    public long? Memory { get; init; }

    /// <summary>Processes, or null for no limit.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Processors, such as 1.5, or null for no limit.</summary>
    public decimal? Cpu { get; init; }

    /// <summary>The signal that asks the program to stop: "SIGTERM", "15".</summary>
    public string StopSignal { get; init; } = "SIGTERM";

    /// <summary>How long it has to stop before it is killed.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The whole command line: entry point and command.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Arguments => [.. Entrypoint, .. Command];

    /// <summary>The image and what runs of it.</summary>
    public override string ToString() => $"{Image}: {string.Join(' ', Arguments)}";
}

/// <summary>JSON for container records.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ContainerSpec))]
internal sealed partial class ContainerJsonContext : JsonSerializerContext;
