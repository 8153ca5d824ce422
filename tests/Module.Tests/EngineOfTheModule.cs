using System.Reflection;
using System.Runtime.CompilerServices;

namespace LayerImage.Module.Tests;

/// <summary>
/// The shared test helpers use the engine. Here that must be the module's own, in its own load context, or the
/// module would be tested in a process that is unlike any user's.
/// </summary>
static class EngineOfTheModule
{
#pragma warning disable CA2255 // Before the first helper is called there is no other place.
    [ModuleInitializer]
    internal static void Hook()
#pragma warning restore CA2255
    {
        string loader = Path.Combine(Path.GetDirectoryName(Repository.Manifest)!, "bin", "LayerImage.Loader.dll");
        if (File.Exists(loader))
        {
            Type initializer = Assembly.LoadFrom(loader).GetType("LayerImage.Loader.ModuleInitializer", throwOnError: true)!;
            initializer.GetMethod("OnImport")!.Invoke(Activator.CreateInstance(initializer), null);
        }
    }
}
