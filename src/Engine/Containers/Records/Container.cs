using LayerImage.Engine.Network;
using LayerImage.Engine.Text;

namespace LayerImage.Engine.Containers;

/// <summary>A container, as it is now.</summary>
public sealed record Container
{
    // PowerShell would make one of any object with a property of the same name.
    internal Container()
    {
    }

    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The image as the user named it.</summary>
    public string Image => Spec.Image;

    /// <summary>The image's id.</summary>
    public string ImageId => Spec.ImageId;

    /// <summary>The program and its arguments, joined by spaces.</summary>
    public string Command => string.Join(' ', Spec.Arguments);

    /// <summary>What it does.</summary>
    public required ContainerState State { get; init; }

    /// <summary>The program's exit code; null while it runs, before its first start, and when nobody knows it: <see cref="Error"/> says why then.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Why it ended, when not by its program.</summary>
    public string? Error { get; init; }

    /// <summary>It has ended and still holds something of this machine: <see cref="Error"/> says why that cannot be released.</summary>
    public bool IsUnreleased { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was started last.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended last.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Published ports.</summary>
    public IReadOnlyList<PortMapping> Ports { get; init => field = ReadableList.Of(value); } = ReadableList.None<PortMapping>();

    /// <summary>Its address in the container network; null without one.</summary>
    public string? IPAddress { get; init; }

    /// <summary>The first process, as the host counts; null while it does not run.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Bind mounts: "source:destination[:ro]".</summary>
    public IReadOnlyList<string> Mounts => ReadableList.Of<string>([.. Spec.Volumes.Select(volume => volume.ToString())]);

    /// <summary>Free text by key.</summary>
    public IReadOnlyDictionary<string, string> Labels => ReadableTable.Of(Spec.Labels);

    /// <summary>All that was decided about it.</summary>
    public required ContainerSpec Spec { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
