using System.Management.Automation;
using System.Runtime.Loader;

namespace LayerImage.Loader;

/// <summary>
/// Runs before PowerShell looks at the cmdlets. It is in an assembly of its own, loaded as a nested module:
/// PowerShell lays out the cmdlet types before their assembly's own initializer runs, and a parameter of an
/// engine enum is then a FileNotFoundException.
/// </summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Each runspace that imports the module adds a handler; each that removes it takes one away.</summary>
    public void OnImport() => AssemblyLoadContext.Default.Resolving += EngineLoadContext.ResolveEngine;

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => AssemblyLoadContext.Default.Resolving -= EngineLoadContext.ResolveEngine;
}
