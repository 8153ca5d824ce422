using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;

namespace LayerImage.Engine.Firewall;

/// <summary>One change of the firewall at a time: a change reads what is there and then writes.</summary>
internal static class FirewallLock
{
    // A queue, not one change, is what a caller waits for: sixty seconds are two dozen changes on a slow and busy machine.
    // (A change itself ends: each call of firewalld has its own bound.)
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <exception cref="LayerImageException"><see cref="EngineError.StoreLocked"/>; <see cref="LinuxException"/>: the run folder cannot be used.</exception>
    public static IDisposable Take(string folder)
    {
        // What is in there is believed, and nobody else is to hold the lock.
        TrustedFolder.Claim(folder, "LAYERIMAGE_RUN");
        string path = Path.Combine(folder, "firewall.lock");
        return FileLock.TryAcquire(path, s_patience) ?? throw new LayerImageException(EngineError.StoreLocked, $"Another change of the firewall holds {path}.")
        {
            Target = path,
            Advice = "Try again when it is done.",
        };
    }
}
