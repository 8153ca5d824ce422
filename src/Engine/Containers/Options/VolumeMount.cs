using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Runtime;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Containers;

/// <summary>A bind mount: a path of the host in the container. <see cref="ToString"/> yields docker's syntax and <see cref="Parse"/> takes it.</summary>
/// <param name="Source">The host's path, absolute.</param>
/// <param name="Destination">The container's path, absolute.</param>
/// <param name="ReadOnly">Whether the container cannot change it.</param>
/// <param name="Propagation">How later mounts beneath it travel.</param>
public sealed record VolumeMount(string Source, string Destination, bool ReadOnly, string Propagation = VolumeOptions.Private)
{
    private const string NotOfTheForm = "it is not of the form source:destination[:options], with an absolute destination that is not the root";

    // As it was written, for errors.
    private string? _text;

    /// <summary>The options that it was written with and that do nothing here, with commas between; null when there are none.</summary>
    public string? IdleOptions { get; private init; }

    /// <summary>Parses docker's <c>source:destination[:options]</c>. Does not look at the host: a check does that before a container is made or started.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.VolumeInvalid"/>: the text is not of that form.</exception>
    public static VolumeMount Parse(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length is < 2 or > 3 || !parts[1].StartsWith('/') || parts[0].Length == 0)
        {
            throw Invalid(text, NotOfTheForm);
        }
        VolumeOptions options = VolumeOptions.TryParse(parts.ElementAtOrDefault(2) ?? "rw", out string why) ?? throw Invalid(text, why);
        string destination = Path.GetFullPath(parts[1]);
        return parts[0] is not ['/' or '.', ..] ? throw Invalid(text, "the source is not a path; named volumes are not supported yet")
            : destination == "/" ? throw Invalid(text, NotOfTheForm)
            : new VolumeMount(Path.GetFullPath(parts[0]), Path.TrimEndingDirectorySeparator(destination), options.ReadOnly, options.Propagation)
            {
                _text = text,
                IdleOptions = options.Idle.Length > 0 ? options.Idle : null,
            };
    }

    /// <summary>Fails when one of these cannot be mounted: for a new container, and for a start. What runs goes on without its source.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.VolumeInvalid"/>.</exception>
    internal static void RequireAll(IEnumerable<VolumeMount> volumes)
    {
        foreach (VolumeMount volume in volumes)
        {
            string text = volume.Text;
            if (!Path.Exists(volume.Source))
            {
                throw Invalid(text, $"the host has no '{volume.Source}'");
            }
            if (IsContainersOwn(volume.Destination))
            {
                throw Invalid(text, $"{volume.Destination} is the container's own; mount what is needed beside it");
            }
            RequireSharing(text, volume);
        }
    }

    /// <summary>
    /// Whether a path is one where the runtime makes its devices and writes its settings, as root of the host: in a folder of
    /// somebody's those are files of theirs.
    /// </summary>
    internal static bool IsContainersOwn(string path) => path is "/dev" or "/proc" || path.StartsWith("/proc/", StringComparison.Ordinal);

    /// <summary>As it was written, else as <see cref="ToString"/> writes it.</summary>
    internal string Text => _text ?? ToString();

    /// <summary>As the runtime mounts it. Asks the disk whether the source is a folder.</summary>
    internal BindMount ToBindMount() => new(Source, Destination, ReadOnly, Propagation, Directory.Exists(Source));

    /// <summary>Whether the same is mounted in the same way, however it was written.</summary>
    public bool Equals(VolumeMount? other) =>
        other is not null && (Source, Destination, ReadOnly, Propagation) == (other.Source, other.Destination, other.ReadOnly, other.Propagation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Source, Destination, ReadOnly, Propagation);

    /// <summary>Docker's syntax, without what does nothing.</summary>
    public override string ToString() => string.Join(':', (string[])[Source, Destination, .. Options()]);

    private IEnumerable<string> Options() => (ReadOnly, Propagation) switch
    {
        (false, VolumeOptions.Private) => [],
        (true, VolumeOptions.Private) => ["ro"],
        _ => [(ReadOnly ? "ro," : "") + Propagation],
    };

    // Nothing would travel from or to a mount that the host keeps to itself: docker refuses this, too.
    private static void RequireSharing(string text, VolumeMount volume)
    {
        bool shares = volume.Propagation.EndsWith("shared", StringComparison.Ordinal);
        if ((shares || volume.Propagation.EndsWith("slave", StringComparison.Ordinal)) && MountInfo.Holding(MountInfo.Read(), WithoutLinks(volume.Source)) is MountInfo holder
            && !holder.IsShared && (shares || !holder.IsSlave))
        {
            throw new LayerImageException(EngineError.VolumeInvalid, $"The volume '{text}' cannot be mounted: {volume.Source} is on the mount {holder.MountPoint}, which shares nothing with others.")
            { Target = text, Advice = $"Run mount --make-shared {holder.MountPoint}, or leave '{volume.Propagation}' out." };
        }
    }

    private static string WithoutLinks(string path)
    {
        using SafeFileHandle place = Libc.Open(path, OpenFlags.PathOnly);
        return new FileInfo($"/proc/self/fd/{place.DangerousGetHandle()}").LinkTarget ?? path;
    }

    private static LayerImageException Invalid(string text, string why) => new(EngineError.VolumeInvalid, $"The volume '{text}' cannot be mounted: {why}.")
    { Target = text, Advice = "Write /path/on/host:/path/in/container, with :ro at the end for a read-only mount." };
}
