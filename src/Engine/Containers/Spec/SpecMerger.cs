using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Network;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Lays a user's request over an image's defaults, as docker run does. Only options that an image has a say in have a line here:
/// all others come from the request as they are.
/// </summary>
internal static class SpecMerger
{
    /// <summary>What asks a program to stop of which neither user nor image says how.</summary>
    public const string DefaultStopSignal = "SIGTERM";

    /// <summary>How long a program has to stop of which the user does not say how long.</summary>
    public static readonly TimeSpan DefaultStopTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What is decided about a new container.</summary>
    /// <param name="request">What is asked, checked.</param>
    /// <param name="image">The image.</param>
    /// <param name="id">The container's id.</param>
    /// <exception cref="LayerImageException">ParameterInvalid: there is nothing to run. PortInvalid: there is no network to publish from.</exception>
    public static ContainerSpec Merge(ContainerRequest request, Image image, string id)
    {
        ExecutionConfig defaults = image.Config.Config ?? new ExecutionConfig();
        // A new entry point makes the image's command meaningless: its arguments were for the old one.
        IReadOnlyList<string> entrypoint = request.Entrypoint is null ? EntrypointOf(defaults) : [.. request.Entrypoint.Where(part => part.Length > 0)];
        IReadOnlyList<string> command = request.Command is { Count: > 0 }
            ? entrypoint.Count > 0 ? request.Command : CommandForm.ToArguments(request.Command)
            : request.Entrypoint is null ? defaults.Cmd ?? [] : [];
        string[] exposed = [.. (defaults.ExposedPorts?.Keys ?? []).Select(NormalPort).Distinct().OrderBy(port => port, StringComparer.Ordinal)];
        IReadOnlyList<PortMapping> publish = request.PublishAll ? [.. request.Publish, .. Unpublished(exposed, request.Publish)] : request.Publish;
        RequestChecks.RequireBridge(publish.Count, request.Network);
        if (entrypoint.Count + command.Count == 0)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"The image {request.Image} does not say what to run.")
            { Target = request.Image, Advice = "Give a command: Start-LayerContainer IMAGE -Command ls,'-l'" };
        }
        return new ContainerSpec(request)
        {
            Image = NameOf(image, request.Image),
            ImageId = image.Id,
            Platform = image.Platform,
            Entrypoint = entrypoint,
            Command = command,
            Environment = MergeEnvironment(defaults.Env ?? [], request.Environment),
            WorkingDirectory = request.WorkingDirectory ?? defaults.WorkingDir ?? "",
            User = request.User ?? defaults.User ?? "",
            Hostname = request.Hostname ?? (request.Network == NetworkMode.Host ? Environment.MachineName : id[..12]),
            Labels = MergeLabels(defaults.Labels ?? new Dictionary<string, string>(), request.Labels),
            Publish = publish,
            ExposedPorts = exposed,
            // What an image says wrongly, or leaves empty, is no reason not to start it (moby#49471).
            StopSignal = request.StopSignal ?? (defaults.StopSignal is string own && Signals.IsSignal(own) ? own : DefaultStopSignal),
            StopTimeout = request.StopTimeout ?? DefaultStopTimeout,
        };
    }

    private static Dictionary<string, string> MergeLabels(IReadOnlyDictionary<string, string> image, IReadOnlyDictionary<string, string> user) =>
        new(image.Where(label => !user.ContainsKey(label.Key)).Concat(user));

    private static IEnumerable<PortMapping> Unpublished(IEnumerable<string> exposed, IReadOnlyList<PortMapping> published) =>
        exposed.Select(PortMapping.Parse).Where(port => !published.Any(mapping => Covers(mapping, port)));

    // The name that the user gave; an id has none, and may be the beginning of a name as well.
    private static string NameOf(Image image, string given) =>
        References.ImageReference.TryParse(given, out References.ImageReference? reference) && reference!.WithDefaultTag().Familiar is string name
            && (image.Tags.Contains(name) || reference.Digest is not null)
            ? name : image.Reference;

    // Later wins, by name; the order of first appearance stays.
    private static List<string> MergeEnvironment(IReadOnlyList<string> image, IReadOnlyList<string> user)
    {
        List<string> merged = [];
        foreach (string variable in image.Concat(user.Select(Complete).OfType<string>()))
        {
            string name = NameOfVariable(variable);
            int index = merged.FindIndex(existing => NameOfVariable(existing) == name);
            if (index < 0)
            {
                merged.Add(variable);
            }
            else
            {
                merged[index] = variable;
            }
        }
        return merged;
    }

    // Images have variables without a value, and without '=', too.
    private static string NameOfVariable(string variable) => variable.Split('=', 2)[0];

    // "NAME" alone takes the value of this process, and nothing when it has none.
    private static string? Complete(string variable)
    {
        RequestChecks.RequireVariable(variable);
        return variable.Contains('=', StringComparison.Ordinal) ? variable
            : Environment.GetEnvironmentVariable(variable) is string value ? $"{variable}={value}" : null;
    }

    private static string NormalPort(string port) => port.Contains('/', StringComparison.Ordinal) ? port.ToLowerInvariant() : port + "/tcp";

    private static bool Covers(PortMapping published, PortMapping exposed) => published.Protocol == exposed.Protocol
        && exposed.ContainerPort >= published.ContainerPort && exposed.ContainerPort < published.ContainerPort + published.Count;

    // One empty text is none (moby, daemon/create.go "Reset the Entrypoint if it is [""]").
    private static IReadOnlyList<string> EntrypointOf(ExecutionConfig defaults) => defaults.Entrypoint is null or [""] ? [] : defaults.Entrypoint;
}
