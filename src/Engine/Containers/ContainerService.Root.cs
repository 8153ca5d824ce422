using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

public sealed partial class ContainerService
{
    private readonly Lazy<bool> _isInChroot = new(() => !NamespaceRoot.IsOwn());

    // Before anything is received, stopped or made.
    private void RequireNamespaceRoot(object target)
    {
        if (_isInChroot.Value)
        {
            throw new LayerImageException(EngineError.RootNotIsolated, "No program is started from a chroot: this session's root directory is not that of its mount namespace, and what runs in a container could reach the host's own root.")
            {
                Target = target,
                Advice = "Run the session on the host itself. Or enter the folder with a mount namespace whose root it is, as 'unshare --mount' and pivot_root, systemd-nspawn and containers do.",
            };
        }
    }

    // A container that was started in a chroot, which RequireNamespaceRoot does not allow, is in its own files; a command would not be.
    private static void RequireRootOf(Container container, string merged)
    {
        if (container.ProcessId is int pid && NamespaceRoot.IsFolder(pid, merged) == false)
        {
            throw new LayerImageException(EngineError.RootNotIsolated, $"No command is run in the container {container.Name}: the root of its mount namespace is not the container's, as after a start in a chroot, and the command would run in the host's own root.")
            { Target = container.Name, Advice = $"Start it again on the host itself: Restart-LayerContainer {container.Name}" };
        }
    }
}
