using System.Runtime.CompilerServices;
using LayerImage.Testing.Host;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>Lets this program be the child of its own tests: see <see cref="StoreChild"/>.</summary>
internal static class ChildEntry
{
#pragma warning disable CA2255 // The program's Main is xunit's; this is the only place before it.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Run() => StoreChild.RunIfAsked();
}
