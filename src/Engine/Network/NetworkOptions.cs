using System.Net;

namespace LayerImage.Engine.Network;

/// <summary>What a container network is called and which addresses it has.</summary>
internal sealed record NetworkOptions
{
    /// <summary>The bridge that joins the containers.</summary>
    public string BridgeName { get; init; } = "limg0";

    /// <summary>The containers' addresses; the first is the bridge's.</summary>
    public IPNetwork Subnet { get; init; } = new(new IPAddress([10, 89, 0, 0]), 16);

    /// <summary>The nftables table (family inet) that holds its rules.</summary>
    public string TableName { get; init; } = "layerimage";

    /// <summary>The folder of the pinned network namespaces, one file for each container.</summary>
    public required string NamespaceFolder { get; init; }

    /// <summary>The network of an engine.</summary>
    public static NetworkOptions For(EngineOptions options) => new() { NamespaceFolder = Path.Combine(options.Run, "netns") };
}
