using System.Diagnostics;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// One change of the firewall at a time: a change reads what is there and then writes. The lock is the kernel's
/// (flock, which FileShare.None takes), so it ends with its holder, however that ends.
/// </summary>
internal static class FirewallLock
{
    // A queue, not one change, is what a caller waits for: sixty seconds are two dozen changes on a slow and busy machine.
    // (A change itself ends: each call of firewalld has its own bound.)
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <exception cref="LayerImageException"><see cref="EngineError.StoreLocked"/>.</exception>
    public static IDisposable Take(string folder)
    {
        // What is in there is believed, and nobody else is to hold the lock.
        TrustedFolder.Claim(folder, "LAYERIMAGE_RUN");
        string path = Path.Combine(folder, "firewall.lock");
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error)
            {
                if (waited.Elapsed > s_patience)
                {
                    throw new LayerImageException(EngineError.StoreLocked, $"Another change of the firewall holds {path}: {error.Message}", error)
                    {
                        Target = path,
                        Advice = "Try again when it is done.",
                    };
                }
                Thread.Sleep(5);
            }
        }
    }
}
