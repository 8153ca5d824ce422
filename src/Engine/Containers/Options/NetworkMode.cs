using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Containers;

/// <summary>What the network of a container is. <see cref="ToString"/> yields docker's word and <see cref="Parse"/> takes it.</summary>
public sealed record NetworkMode
{
    private NetworkMode(string name) => Name = name;

    /// <summary>An address of its own in the container network, from which ports are published.</summary>
    public static NetworkMode Bridge { get; } = new("bridge");

    /// <summary>The host's own network.</summary>
    public static NetworkMode Host { get; } = new("host");

    /// <summary>A loopback device and nothing else.</summary>
    public static NetworkMode None { get; } = new("none");

    /// <summary>"bridge", "host" or "none".</summary>
    public string Name { get; }

    /// <summary>All that there are.</summary>
    public static IReadOnlyList<NetworkMode> All { get; } = [Bridge, Host, None];

    /// <summary>Reads "bridge", "host" or "none", in any case.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>: the text is none of them.</exception>
    public static NetworkMode Parse(string text) => All.FirstOrDefault(mode => mode.Name.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new LayerImageException(EngineError.ParameterInvalid, $"There is no network '{text}' for containers.")
        {
            Target = text,
            Advice = $"Write one of {string.Join(", ", All)}.",
        };

    /// <summary>"bridge", "host" or "none".</summary>
    public override string ToString() => Name;
}
