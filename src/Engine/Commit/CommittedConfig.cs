using LayerImage.Engine.Containers;
using LayerImage.Engine.Images;
using LayerImage.Engine.Network;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Commit;

/// <summary>
/// The configuration of a committed image: the base image's, with the container's settings in place of the defaults
/// they came from, as docker commit does it. Members of the base that are not known here stay.
/// </summary>
internal static class CommittedConfig
{
    /// <summary>Makes it.</summary>
    /// <param name="baseConfig">The base image's configuration.</param>
    /// <param name="stack">The container's layers, the base first.</param>
    /// <param name="container">The container.</param>
    /// <param name="newLayer">The new layer; null when nothing was changed.</param>
    /// <param name="options">Author and message.</param>
    /// <param name="now">The time to record.</param>
    public static ImageConfig Make(ImageConfig baseConfig, IReadOnlyList<NewImageLayer> stack, ContainerRecord container, Digest? newLayer, CommitOptions options, DateTimeOffset now)
    {
        string? author = string.IsNullOrEmpty(options.Author) ? baseConfig.Author : options.Author;
        IEnumerable<Digest> diffIds = stack.Select(layer => layer.DiffId);
        HistoryEntry entry = new()
        {
            Created = now,
            CreatedBy = string.Join(' ', container.Spec.Arguments),
            Author = author,
            Comment = string.IsNullOrEmpty(options.Message) ? null : options.Message,
            EmptyLayer = newLayer is null ? true : null,
        };
        return baseConfig with
        {
            Created = now,
            Author = author,
            Config = Execution(baseConfig.Config ?? new ExecutionConfig(), container.Spec),
            Rootfs = new RootFs { DiffIds = newLayer is Digest added ? [.. diffIds, added] : [.. diffIds] },
            History = [.. baseConfig.History ?? [], entry],
            Unknown = Without(baseConfig.Unknown, "container", "container_config", "parent"),
        };
    }

    private static ExecutionConfig Execution(ExecutionConfig image, ContainerSpec spec)
    {
        SortedSet<string> exposed = new(spec.ExposedPorts, StringComparer.Ordinal);
        foreach (PortMapping port in spec.Publish.Select(PortMapping.Parse))
        {
            for (int i = 0; i < port.Count; i++)
            {
                exposed.Add($"{port.ContainerPort + i}/{port.Protocol.ToString().ToLowerInvariant()}");
            }
        }
        return image with
        {
            User = NullIfEmpty(spec.User),
            ExposedPorts = exposed.Count == 0 ? null : exposed.ToDictionary(port => port, _ => new EmptyObject()),
            Env = spec.Environment.Count == 0 ? null : spec.Environment,
            Entrypoint = spec.Entrypoint.Count == 0 ? null : spec.Entrypoint,
            Cmd = spec.Command.Count == 0 ? null : spec.Command,
            WorkingDir = NullIfEmpty(spec.WorkingDirectory),
            Labels = spec.Labels.Count == 0 ? null : spec.Labels,
            StopSignal = image.StopSignal is null && spec.StopSignal == "SIGTERM" ? null : spec.StopSignal,
        };
    }

    // What docker's old versions wrote about the container that made the base image is not true of this one.
    private static Dictionary<string, System.Text.Json.JsonElement>? Without(Dictionary<string, System.Text.Json.JsonElement>? members, params string[] names) =>
        members?.Where(member => !names.Contains(member.Key)).ToDictionary();

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
