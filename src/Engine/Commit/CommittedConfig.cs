using System.Text.Json;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Commit;

/// <summary>
/// The configuration of a committed image: the base image's, with the container's settings in place of the defaults
/// they came from, as docker commit does it (moby, daemon/commit.go). Members of the base that are not known here stay.
/// A function of what it is given: the same values make the same bytes.
/// </summary>
internal static class CommittedConfig
{
    /// <summary>Makes the configuration of the image that a commit writes.</summary>
    /// <param name="source">Base image and container.</param>
    /// <param name="newLayer">The new layer; null when nothing was changed.</param>
    /// <param name="options">Author, message, changes, provenance.</param>
    /// <param name="now">The time to record.</param>
    /// <exception cref="LayerImageException">ParameterInvalid: a change cannot be applied.</exception>
    public static ImageConfig Make(CommitSource source, Digest? newLayer, CommitOptions options, DateTimeOffset now)
    {
        ImageConfig image = source.Config;
        string? author = string.IsNullOrEmpty(options.Author) ? image.Author : options.Author;
        CommitProvenance? provenance = options.Provenance ? Provenance(source, options) : null;
        HistoryEntry entry = new()
        {
            Created = now,
            CreatedBy = string.Join(' ', source.Container.Spec.Command ?? []),
            Author = author,
            Comment = NullIfEmpty(options.Message),
            EmptyLayer = newLayer is null ? true : null,
            Unknown = provenance?.ToMembers(),
        };
        return image with
        {
            Created = now,
            Author = author,
            Config = CommitProvenance.Label(Execution(image.Config ?? new ExecutionConfig(), source.Container.Spec, options.Changes), provenance),
            Rootfs = (image.Rootfs ?? new RootFs()) with { DiffIds = newLayer is Digest added ? [.. source.DiffIds, added] : source.DiffIds },
            History = [.. image.History ?? [], entry],
            Unknown = Without(image.Unknown, "container", "container_config", "parent"),
        };
    }

    /// <summary>What a container of the new image runs by default.</summary>
    /// <exception cref="LayerImageException">ParameterInvalid: a change cannot be applied.</exception>
    public static ExecutionConfig Execution(ExecutionConfig image, ContainerSpec spec, IReadOnlyList<string> changes)
    {
        ExecutionConfig own = image with
        {
            User = NullIfEmpty(spec.User),
            ExposedPorts = NullIfEmpty(Exposed(spec).ToDictionary(port => port, _ => new EmptyObject())),
            Env = NullIfEmpty(spec.Environment),
            Entrypoint = NullIfEmpty(spec.Entrypoint ?? []),
            Cmd = NullIfEmpty(spec.Command ?? []),
            WorkingDir = NullIfEmpty(spec.WorkingDirectory),
            Labels = spec.Labels,
            StopSignal = image.StopSignal is null && spec.StopSignal == "SIGTERM" ? null : spec.StopSignal,
        };
        ExecutionConfig changed = ConfigChange.Apply(own, changes);
        if (changed.StopSignal != own.StopSignal)
        {
            CheckSignal(changed.StopSignal!, changes);
        }
        // A hashtable's order is another one in each process.
        return changed with { Labels = NullIfEmpty(changed.Labels?.OrderBy(label => label.Key, StringComparer.Ordinal).ToDictionary()) };
    }

    private static SortedSet<string> Exposed(ContainerSpec spec)
    {
        SortedSet<string> exposed = new(spec.ExposedPorts, StringComparer.Ordinal);
        foreach (PortMapping port in spec.Publish)
        {
            for (int i = 0; i < port.Count; i++)
            {
                exposed.Add($"{port.ContainerPort + i}/{port.Protocol.ToString().ToLowerInvariant()}");
            }
        }
        return exposed;
    }

    private static void CheckSignal(string signal, IReadOnlyList<string> changes)
    {
        try
        {
            _ = Signals.Parse(signal);
        }
        catch (LayerImageException e)
        {
            ChangeLine change = ChangeLine.Read(changes).Last(line => line.Instruction == "STOPSIGNAL");
            throw change.Invalid(e.Message.TrimEnd('.'), change.RestAt);
        }
    }

    private static CommitProvenance Provenance(CommitSource source, CommitOptions options) => new()
    {
        Container = source.Container.Name,
        ContainerId = source.Container.Id,
        Image = FullName(source.Container.Spec),
        ImageId = source.Container.Spec.ImageId,
        ImageDigest = source.Image?.Digest,
        Changes = options.Changes,
    };

    private static string? FullName(ContainerSpec spec) =>
        !spec.ImageId.EndsWith(spec.Image, StringComparison.Ordinal) && ImageReference.TryParse(spec.Image, out ImageReference? name)
            ? name!.WithDefaultTag().Canonical
            : null;

    // What docker's old versions wrote about the container that made the base image is not true of this one.
    private static Dictionary<string, JsonElement>? Without(Dictionary<string, JsonElement>? members, params string[] names) =>
        members?.Where(member => !names.Contains(member.Key)).ToDictionary();

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static IReadOnlyList<string>? NullIfEmpty(IReadOnlyList<string> texts) => texts.Count == 0 ? null : texts;

    private static Dictionary<string, T>? NullIfEmpty<T>(Dictionary<string, T>? members) => members is { Count: > 0 } ? members : null;
}
