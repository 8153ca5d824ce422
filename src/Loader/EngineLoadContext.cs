using System.Reflection;
using System.Runtime.Loader;

namespace LayerImage.Loader;

/// <summary>
/// The engine and its packages, apart from everything else in the process: PowerShell or another module may
/// have a Microsoft.Data.Sqlite of its own, of another version.
/// </summary>
sealed class EngineLoadContext : AssemblyLoadContext
{
    const string EngineName = "LayerImage.Engine";

    // One for the process: the cmdlets bind to the first engine they meet, and a second copy would be a second set of types.
    static readonly Lazy<EngineLoadContext> s_instance = new(() => new EngineLoadContext());

    readonly AssemblyDependencyResolver _resolver;

    EngineLoadContext()
        : base(EngineName)
    {
        string folder = Path.GetDirectoryName(typeof(EngineLoadContext).Assembly.Location)!;
        _resolver = new AssemblyDependencyResolver(Path.Combine(folder, "Engine", EngineName + ".dll"));
    }

    /// <summary>Answers only for the engine itself; what the engine needs is found by its own context.</summary>
    internal static Assembly? ResolveEngine(AssemblyLoadContext asking, AssemblyName name) =>
        name.Name == EngineName ? s_instance.Value.LoadFromAssemblyName(name) : null;

    protected override Assembly? Load(AssemblyName assemblyName) =>
        _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
