using System.Runtime.InteropServices;
using LayerImage.Engine.Oci.Runtime;

namespace LayerImage.Engine.Runtime;

/// <summary>What a runtime needs to make a container.</summary>
internal sealed record ContainerLaunch
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required RuntimeSpec Spec { get; init; }

    /// <summary>The log file; it is appended to.</summary>
    public required string LogPath { get; init; }

    /// <summary>Keep standard input open, for attaching.</summary>
    public bool StandardInput { get; init; }

    /// <summary>Standard input outlives the client that was attached.</summary>
    public bool LeaveStandardInputOpen { get; init; }

    /// <summary>The program and arguments to start when the container has ended; empty is none.</summary>
    public IReadOnlyList<string> ExitCommand { get; init; } = [];

    /// <summary>Handles that the monitor holds for the container's life: sockets that reserve host ports. They stay the caller's to close.</summary>
    public IReadOnlyList<SafeHandle> HeldHandles { get; init; } = [];
}
