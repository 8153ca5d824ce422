using System.Collections.Concurrent;
using System.Management.Automation;
using LayerImage.Engine;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// The engine for the store that the environment names now. Engines hold no resources, so one for each store is kept:
/// opening checks folders and tables, which a pipeline of a thousand objects should not pay a thousand times.
/// </summary>
internal static class EngineSession
{
    private static readonly ConcurrentDictionary<(string Root, string Run, string Configuration), LayerImageEngine> s_engines = new();

    /// <summary>The engine for a cmdlet.</summary>
    public static LayerImageEngine Get(PSCmdlet cmdlet) => Get(cmdlet.MyInvocation.MyCommand.Module?.ModuleBase, cmdlet);

    /// <summary>The engine, with the Agent of a module folder.</summary>
    /// <param name="moduleBase">That folder; null for the one that this assembly is in.</param>
    /// <param name="cmdlet">Who asks, to be told of a store that is new.</param>
    public static LayerImageEngine Get(string? moduleBase, PSCmdlet? cmdlet = null)
    {
        EngineOptions options = EngineOptions.FromEnvironment();
        (string, string, string) key = (options.Root, options.Run, options.Configuration);
        // A store that was deleted meanwhile (tests, a reset) is made anew.
        if (s_engines.TryGetValue(key, out LayerImageEngine? known) && File.Exists(Path.Combine(options.Root, "state.db")))
        {
            return known;
        }
        // Who only looks has not asked for a store, and a misspelt name looks like an empty one.
        if (cmdlet?.MyInvocation.MyCommand is CmdletInfo { Verb: VerbsCommon.Get }
            && Environment.GetEnvironmentVariable("LAYERIMAGE_ROOT") is { Length: > 0 }
            && !Directory.Exists(options.Root))
        {
            cmdlet.WriteWarning($"$env:LAYERIMAGE_ROOT names '{options.Root}', where nothing was: an empty store is made there.");
        }
        LayerImageEngine engine = new(WithAgent(options, moduleBase));
        engine.RemoveLeftovers();
        s_engines[key] = engine;
        return engine;
    }

    /// <summary>The host's firewall, which needs no store.</summary>
    public static IHostFirewall GetFirewall(string? moduleBase) => HostFirewalls.Open(WithAgent(EngineOptions.FromEnvironment(), moduleBase));

    // Looked for where an engine is made, and not at each use of one.
    private static EngineOptions WithAgent(EngineOptions options, string? moduleBase) => options with { AgentPath = FindAgent(moduleBase) };

    private static string? FindAgent(string? moduleBase)
    {
        string folder = moduleBase ?? Path.GetDirectoryName(Path.GetDirectoryName(typeof(EngineSession).Assembly.Location))!;
        string agent = Path.Combine(folder, "bin", "agent", "layerimage-agent");
        return File.Exists(agent) ? agent : null;
    }
}
