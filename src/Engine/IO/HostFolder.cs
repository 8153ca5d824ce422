using LayerImage.Engine.Errors;

namespace LayerImage.Engine.IO;

/// <summary>Makes folders of this machine's.</summary>
internal static class HostFolder
{
    /// <summary>Makes a folder, or tells why that cannot be.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="refused">What to say where this machine refuses it.</param>
    /// <param name="target">What that is about.</param>
    /// <param name="mode">Its permissions; null for what the session gives to what it makes.</param>
    public static void Create(string folder, string refused, string target, UnixFileMode? mode = null)
    {
        try
        {
            if (mode is null || OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, mode.Value);
            }
        }
        catch (IOException e) when (File.Exists(folder))
        {
            throw new LayerImageException(EngineError.StoreNotSupported, $"{folder} belongs to the store and is no folder.", e)
            {
                Target = folder,
                Advice = "Move it away; Test-LayerStore then tells what is missing.",
            };
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException io && !DiskFull.Is(io)))
        {
            throw new LayerImageException(EngineError.NotPrivileged, $"{refused}: {e.Message}", e)
            {
                Target = target,
                Advice = "Run as root, or use a store of your own: set $LAYERIMAGE_ROOT. If its file system is mounted read-only, mount it read-write.",
            };
        }
        catch (IOException)
        {
            throw new LinuxException("mkdir", LinuxException.ENOSPC, folder);
        }
    }
}
