using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>Whether this session's root directory is one that containers can be started from: see docs/design/runtime.md, "from a chroot". Asked once.</summary>
internal sealed class SessionRoot
{
    private readonly Lazy<bool> _isInChroot = new(() => !NamespaceRoot.IsOwn());

    /// <summary>For what starts a program, before anything is received, stopped or made.</summary>
    /// <param name="target">What was to be started, for the error.</param>
    /// <exception cref="LayerImageException">RootNotIsolated.</exception>
    public void Require(object target)
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
}
