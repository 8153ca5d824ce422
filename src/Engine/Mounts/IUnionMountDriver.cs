namespace LayerImage.Engine.Mounts;

/// <summary>
/// Unites layers at a path. A mount is described first (<see cref="OverlayMount"/>), made second, and looked up in
/// mountinfo third; a failure leaves nothing mounted.
/// <para>Lifecycle: the caller makes the directories; <see cref="Mount"/> unites them; <see cref="Unmount"/> takes the
/// union away, and is idempotent, so that whoever finds a leftover may call it. Mounts do not survive a reboot.</para>
/// </summary>
internal interface IUnionMountDriver
{
    /// <summary>Unites.</summary>
    /// <exception cref="Errors.LayerImageException">MountFailed, NotPrivileged or NotSupportedByKernel.</exception>
    void Mount(OverlayMount mount);

    /// <summary>Takes a union away. Idempotent; false when nothing was mounted there.</summary>
    bool Unmount(string merged);

    /// <summary>Whether a union is mounted there.</summary>
    bool IsMounted(string merged);
}
