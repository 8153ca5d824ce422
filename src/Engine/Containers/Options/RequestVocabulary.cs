using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>The words that a request for a container may have, for who offers a choice of them.</summary>
public static class RequestVocabulary
{
    /// <summary>Signals by name (signal(7)), without the real-time ones.</summary>
    public static IReadOnlyList<string> Signals => Containers.Signals.Names;

    /// <summary>Capabilities (capabilities(7)) without "CAP_", and ALL.</summary>
    public static IReadOnlyList<string> Capabilities { get; } = [.. LinuxCapabilities.Names, "ALL"];

    /// <summary>Resource limits by name: "nofile".</summary>
    public static IReadOnlyList<string> Ulimits => Ulimit.Names;

    /// <summary>What can follow the destination of a volume.</summary>
    public static IReadOnlyList<string> VolumeOptions => Containers.VolumeOptions.Known;
}
