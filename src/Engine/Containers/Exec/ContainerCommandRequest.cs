namespace LayerImage.Engine.Containers;

/// <summary>A command to run inside a container.</summary>
public sealed record ContainerCommandRequest
{
    /// <summary>One string is the shell form unless it is a single plain word, several are the exec form.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>In place of the container's user.</summary>
    public string? User { get; init; }

    /// <summary>In place of the container's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>"NAME=value", beside the container's.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>All capabilities.</summary>
    public bool Privileged { get; init; }

    /// <summary>The caller's terminal becomes the command's.</summary>
    public bool Terminal { get; init; }

    /// <summary>The command goes on by itself.</summary>
    public bool Detach { get; init; }

    /// <summary>What it reads; null for nothing.</summary>
    public Stream? StandardInput { get; init; }

    /// <summary>Where its standard output goes, byte for byte; null for lines.</summary>
    public Stream? StandardOutput { get; init; }
}
