using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using System.Runtime.Loader;
using Xunit;

namespace LayerImage.Module.Tests;

/// <summary>The module as it is laid out: what import loads where, and what the manifest says.</summary>
public sealed class ModuleImportTests(ModuleHost host) : IClassFixture<ModuleHost>
{
    [Fact]
    public void Import_AddsOnlyLoaderAndCmdletsToTheDefaultContext()
    {
        HashSet<string> ours = [.. Directory.EnumerateFiles(Path.GetDirectoryName(Repository.Manifest)!, "*.dll", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file))];

        UseEngine();

        string[] loaded = [.. AssemblyLoadContext.Default.Assemblies.Select(assembly => assembly.GetName().Name!).Where(ours.Contains).Order()];
        Assert.Equal(["LayerImage.Cmdlets", "LayerImage.Loader"], loaded);
    }

    [Fact]
    public void Engine_IsInAContextOfItsOwn()
    {
        UseEngine();

        AssemblyLoadContext context = Assert.Single(AssemblyLoadContext.All, context => context.Name == "LayerImage.Engine");
        Assert.Contains(context.Assemblies, assembly => assembly.GetName().Name == "LayerImage.Engine");
    }

    [Fact]
    public void Manifest_ExportsExactlyTheCmdletTypes()
    {
        UseEngine();
        Assembly cmdlets = AssemblyLoadContext.Default.Assemblies.Single(assembly => assembly.GetName().Name == "LayerImage.Cmdlets");
        IEnumerable<string> types = cmdlets.GetExportedTypes()
            .Select(type => type.GetCustomAttribute<CmdletAttribute>())
            .OfType<CmdletAttribute>()
            .Select(cmdlet => $"{cmdlet.VerbName}-{cmdlet.NounName}");

        Assert.Equal(types.Order(StringComparer.Ordinal), ManifestList("CmdletsToExport").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Manifest_ExportsAreWhatTheModuleHas()
    {
        IEnumerable<string?> exported = host.Invoke("Get-Command -Module LayerImage -CommandType Cmdlet | ForEach-Object Name")
            .Output.Select(name => name.ToString());

        Assert.Equal(ManifestList("CmdletsToExport").Order(StringComparer.Ordinal), exported.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Manifest_IsValid()
    {
        ModuleResult result = host.Invoke("Test-ModuleManifest -Path $path -ErrorAction Stop", ("path", Repository.Manifest));

        Assert.Null(result.TerminatingError);
        Assert.Equal("LayerImage", ((PSModuleInfo)Assert.Single(result.Output).BaseObject).Name);
    }

    [Fact]
    public void Module_IsImportedAgainAfterItWasRemoved()
    {
        using ModuleHost own = new();

        ModuleResult result = own.Invoke("Remove-Module LayerImage; Import-Module $path; Get-Command -Module LayerImage", ("path", Repository.Manifest));

        Assert.Null(result.TerminatingError);
        Assert.Empty(result.Errors);
        Assert.NotEmpty(result.Output);
    }

    /// <summary>Import reads the cmdlets' parameters, of which some have engine types; Get-Command reads them all.</summary>
    void UseEngine() => Assert.Empty(host.Invoke("Get-Command -Module LayerImage | ForEach-Object { $null = $_.ParameterSets }").Errors);

    static IEnumerable<string> ManifestList(string key)
    {
        ScriptBlockAst script = Parser.ParseFile(Repository.Manifest, out _, out ParseError[] errors);
        Assert.Empty(errors);
        HashtableAst table = (HashtableAst)script.Find(ast => ast is HashtableAst, searchNestedScriptBlocks: false);
        StatementAst value = table.KeyValuePairs.Single(pair => pair.Item1.SafeGetValue() is string name && name == key).Item2;
        return ((object[])((PipelineAst)value).PipelineElements.OfType<CommandExpressionAst>().Single().Expression.SafeGetValue()).Cast<string>();
    }
}
