using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Containers;

/// <summary>A bind mount: a path of the host in the container.</summary>
/// <param name="Source">The host's path, absolute.</param>
/// <param name="Destination">The container's path, absolute.</param>
/// <param name="ReadOnly">Whether the container cannot change it.</param>
internal sealed record VolumeMount(string Source, string Destination, bool ReadOnly)
{
    /// <summary>Parses docker's <c>source:destination[:ro|rw]</c>.</summary>
    public static VolumeMount Parse(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length is < 2 or > 3 || !parts[1].StartsWith('/') || parts[1] == "/" || parts[0].Length == 0)
        {
            throw Invalid(text, "it is not of the form source:destination[:ro], with an absolute destination that is not the root");
        }
        bool readOnly = parts.ElementAtOrDefault(2) switch
        {
            null or "rw" => false,
            "ro" => true,
            var option => throw Invalid(text, $"'{option}' is neither ro nor rw"),
        };
        string source = Path.GetFullPath(parts[0]);
        return parts[0] is not ['/' or '.', ..] ? throw Invalid(text, "the source is not a path; named volumes are not supported yet")
            : !Path.Exists(source) ? throw Invalid(text, $"the host has no '{source}'")
            : new VolumeMount(source, parts[1], readOnly);
    }

    public override string ToString() => $"{Source}:{Destination}{(ReadOnly ? ":ro" : "")}";

    private static LayerImageException Invalid(string text, string why) => new(EngineError.VolumeInvalid, $"The volume '{text}' cannot be mounted: {why}.")
    { Target = text, Advice = "Write /path/on/host:/path/in/container, with :ro at the end for a read-only mount." };
}
