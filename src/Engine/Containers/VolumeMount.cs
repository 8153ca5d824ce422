using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>A bind mount: a path of the host in the container.</summary>
/// <param name="Source">The host's path, absolute.</param>
/// <param name="Destination">The container's path, absolute.</param>
/// <param name="ReadOnly">Whether the container cannot change it.</param>
internal sealed record VolumeMount(string Source, string Destination, bool ReadOnly)
{
    private const string NotOfTheForm = "it is not of the form source:destination[:ro], with an absolute destination that is not the root";

    /// <summary>Parses docker's <c>source:destination[:ro|rw]</c>. Does not look at the host: see <see cref="RequireAll"/>.</summary>
    public static VolumeMount Parse(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length is < 2 or > 3 || !parts[1].StartsWith('/') || parts[0].Length == 0)
        {
            throw Invalid(text, NotOfTheForm);
        }
        bool readOnly = parts.ElementAtOrDefault(2) switch
        {
            null or "rw" => false,
            "ro" => true,
            var option => throw Invalid(text, $"'{option}' is neither ro nor rw"),
        };
        string destination = Path.GetFullPath(parts[1]);
        return parts[0] is not ['/' or '.', ..] ? throw Invalid(text, "the source is not a path; named volumes are not supported yet")
            : destination == "/" ? throw Invalid(text, NotOfTheForm)
            : new VolumeMount(Path.GetFullPath(parts[0]), Path.TrimEndingDirectorySeparator(destination), readOnly);
    }

    /// <summary>Fails when one of these cannot be mounted: for a new container, and for a start. What runs goes on without its source.</summary>
    public static void RequireAll(IEnumerable<string> texts)
    {
        foreach (string text in texts)
        {
            VolumeMount volume = Parse(text);
            if (!Path.Exists(volume.Source))
            {
                throw Invalid(text, $"the host has no '{volume.Source}'");
            }
            // The runtime makes its devices and writes its settings there, as root of the host: in a folder of somebody's those are files of theirs.
            if (volume.Destination is "/dev" or "/proc" || volume.Destination.StartsWith("/proc/", StringComparison.Ordinal))
            {
                throw Invalid(text, $"{volume.Destination} is the container's own; mount what is needed beside it");
            }
        }
    }

    /// <summary>As the runtime mounts it.</summary>
    public BindMount ToBindMount() => new(Source, Destination, ReadOnly, IsFolder: Directory.Exists(Source));

    public override string ToString() => $"{Source}:{Destination}{(ReadOnly ? ":ro" : "")}";

    private static LayerImageException Invalid(string text, string why) => new(EngineError.VolumeInvalid, $"The volume '{text}' cannot be mounted: {why}.")
    { Target = text, Advice = "Write /path/on/host:/path/in/container, with :ro at the end for a read-only mount." };
}
