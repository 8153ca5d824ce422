using System.Net;
using System.Net.Sockets;

namespace LayerImage.Engine.Network;

/// <summary>What a container network is called and which addresses it has.</summary>
internal sealed record NetworkOptions
{
    private IPNetwork? _subnet = SubnetChoice.Candidates[0];

    /// <summary>The bridge that joins the containers.</summary>
    public string BridgeName { get; init; } = "limg0";

    /// <summary>
    /// The containers' addresses; the first is the bridge's. Where none is given it is what <see cref="SubnetChoice"/> says at this moment:
    /// it does not change while the bridge is there. To be asked in the host's network namespace.
    /// </summary>
    public IPNetwork Subnet
    {
        get => _subnet ?? SubnetChoice.Choose(BridgeName, HostRoutes.Read());
        init =>
            _subnet = value.BaseAddress.AddressFamily == AddressFamily.InterNetwork
                ? value
                : throw new ArgumentException("The subnet must be IPv4.", nameof(value));
    }


    /// <summary>The nftables table (family inet) that holds its rules.</summary>
    public string TableName { get; init; } = "layerimage";

    /// <summary>The folder of the pinned network namespaces, one file for each container.</summary>
    public required string NamespaceFolder { get; init; }

    /// <summary>The network of an engine.</summary>
    public static NetworkOptions For(EngineOptions options) => new() { NamespaceFolder = Path.Combine(options.Run, "netns"), _subnet = null };
}
