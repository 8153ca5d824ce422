using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Network;

/// <summary>A setting of the network below /proc/sys, in the network namespace of the calling thread.</summary>
internal static class KernelParameter
{
    /// <summary>The value of a kernel parameter, as /proc/sys shows it.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.NetworkFailed"/>: it is not there.</exception>
    public static string Get(string name)
    {
        try
        {
            return File.ReadAllText(PathOf(name)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LayerImageException(EngineError.NetworkFailed,
                $"The kernel parameter {name.Replace('/', '.')} could not be read: {e.Message}", e) { Target = PathOf(name) };
        }
    }

    /// <summary>Gives a setting a value. Where /proc/sys is read-only but the value is right, all is well.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.NetworkFailed"/>: it is not there, or cannot be written.</exception>
    public static void Set(string name, string value)
    {
        try
        {
            if (File.ReadAllText(PathOf(name)).Trim() != value)
            {
                File.WriteAllText(PathOf(name), value);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LayerImageException(EngineError.NetworkFailed,
                $"The kernel parameter {name.Replace('/', '.')} could not be set to {value}: {e.Message}", e)
            {
                Target = PathOf(name),
                Advice = "Run as root on a system where /proc/sys can be written, or set it beforehand.",
            };
        }
    }

    /// <summary>Gives a setting a value, unless the kernel has no such setting: IPv6 may be left out of it.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.NetworkFailed"/>: it cannot be written.</exception>
    public static void SetIfKnown(string name, string value)
    {
        if (File.Exists(PathOf(name)))
        {
            Set(name, value);
        }
    }

    private static string PathOf(string name) => $"/proc/sys/{name}";
}
