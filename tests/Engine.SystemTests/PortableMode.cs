using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LayerImage.Engine.SystemTests;

/// <summary>
/// Turns this process into one of a system that is not Linux, as far as the engine can tell: it takes the portable ways,
/// and a call of a native library from its own code fails.
/// </summary>
internal static class PortableMode
{
    /// <summary>"1" in this environment variable turns it on.</summary>
    public const string Variable = "LAYERIMAGE_TEST_PORTABLE";

    [ModuleInitializer]
    internal static void Enter()
    {
        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            AppContext.SetSwitch("LayerImage.Portable", true);
            NativeLibrary.SetDllImportResolver(typeof(LayerImageEngine).Assembly, Refuse);
        }
    }

    private static nint Refuse(string library, Assembly assembly, DllImportSearchPath? path) =>
        throw new DllNotFoundException($"The engine called {library}, which other systems do not have.");
}
