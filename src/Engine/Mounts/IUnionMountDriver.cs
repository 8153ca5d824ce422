namespace LayerImage.Engine.Mounts;

/// <summary>
/// Unites layers at a path. A mount is described first (<see cref="OverlayMount"/>), made second, and looked up in
/// mountinfo third; a failure leaves nothing mounted.
/// <para>Lifecycle: the caller makes the directories; <see cref="Mount"/> unites them; <see cref="Unmount"/> takes the
/// union away, and is idempotent, so that whoever finds a leftover may call it. Mounts do not survive a reboot.</para>
/// </summary>
internal interface IUnionMountDriver
{
    /// <summary>Unites. A read-only union has two layers at least.</summary>
    /// <exception cref="Errors.LayerImageException">MountFailed, NotPrivileged or NotSupportedByKernel.</exception>
    void Mount(OverlayMount mount);

    /// <summary>
    /// Takes a union away with whatever else is mounted on its path, at once for who looks there and at last for who stands
    /// in it. Idempotent; false when nothing was mounted there.
    /// </summary>
    bool Unmount(string merged);

    /// <summary>Takes away the one union that is seen at a path, and nothing that was mounted there before it.</summary>
    /// <param name="merged">The path.</param>
    /// <param name="detach">Although somebody uses it: who does keeps it until the end.</param>
    /// <returns>False when no union is seen there.</returns>
    /// <exception cref="Errors.LinuxException">EBUSY: somebody uses it.</exception>
    bool UnmountOne(string merged, bool detach);

    /// <summary>Whether a union is mounted there.</summary>
    bool IsMounted(string merged);
}
