using System.Management.Automation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Network;

namespace LayerImage.Cmdlets.Base;

/// <summary>The base of the cmdlets for the host's firewall: they work where there is no image store, or a damaged one.</summary>
public abstract class HostFirewallCommand : LayerImageCmdlet
{
    /// <summary>The firewall of this host.</summary>
    protected IHostFirewall Firewall => EngineSession.GetFirewall(MyInvocation.MyCommand.Module?.ModuleBase);

    /// <summary>
    /// Whether to let the permanent rules become the running ones: with -WhatIf it says which ports would close, and who
    /// came in through one of them is asked.
    /// </summary>
    /// <param name="action">What is done, for the question.</param>
    /// <param name="force">Whether not to ask.</param>
    protected bool ShouldApplyPermanentRules(string action, bool force)
    {
        IHostFirewall firewall = Firewall;
        if (IsWhatIf)
        {
            string[] closing = [.. ListeningPorts.FindShutOut(firewall).Select(Describe).Distinct()];
            _ = ShouldProcess("host firewall", closing.Length == 0 ? $"{action}, which closes no port that somebody listens on"
                : $"{action}, which closes {string.Join(", ", closing)} to other hosts");
            return false;
        }
        if (!ShouldProcess("host firewall", action))
        {
            return false;
        }
        return force || RemoteSession.Find() is not { } session || firewall.FindShutOut([session]).Count == 0
            || ShouldContinue($"This session came in through port {session.Port}, which the permanent rules do not let in: a new one could not. "
                + $"Set-HostPortRule {session.Port} -Scope Permanent opens it.", "Close the port of the current SSH session");
    }

    /// <summary>
    /// Makes the rules of the container network again, and publishes the ports of running containers again: what somebody
    /// took away (nft flush ruleset) is to be back after the verbs that set the firewall right.
    /// </summary>
    protected void RestoreContainerNetwork()
    {
        try
        {
            Engine.Containers.Network.Restore(anew: true, Observer);
        }
        catch (LayerImageException error)
        {
            // The firewall is what was asked for; a damaged store must not keep a host from it.
            WriteWarning($"The published ports of containers were not looked at: {error.Message}");
        }
    }

    /// <summary>
    /// Whether to make a change that holds at once: who came in through a port that it would close is asked.
    /// </summary>
    /// <param name="force">Whether not to ask.</param>
    /// <param name="zone">The change of a zone, or null.</param>
    /// <param name="defaultZone">The new default zone, or null.</param>
    protected bool MayCutOff(bool force, ZoneRequest? zone, string? defaultZone) =>
        force || RemoteSession.Find() is not { } session || Firewall.FindCutOff([session], zone, defaultZone).Count == 0
            || ShouldContinue($"This session came in through port {session.Port}, which would be closed then: a new one could not. "
                + $"Set-HostPortRule {session.Port} opens it.",
                "Close the port of the current SSH session");

    /// <summary>Refuses zones that there are not; what has wildcards may find none.</summary>
    protected Task RequireZonesAsync(string[]? zones)
    {
        string[] named = [.. (zones ?? []).Where(zone => !WildcardPattern.ContainsWildcardCharacters(zone))];
        if (named.Length == 0)
        {
            return Task.CompletedTask;
        }
        HostFirewall firewall = Firewall.Get(Observer);
        return ForEachAsync(named, zone =>
        {
            _ = firewall.GetZone(zone);
            return Task.CompletedTask;
        });
    }

    /// <summary>Refuses what was written and is empty: a piped object may have none, who writes one means something else than the default.</summary>
    protected void RequireFilled(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        foreach ((string name, string? value) in parameters)
        {
            if (IsTyped(name) && string.IsNullOrEmpty(value))
            {
                throw new LayerImageException(EngineError.ParameterInvalid, $"-{name} is empty.")
                { Target = name, Advice = $"Leave -{name} out, or give it a value." };
            }
        }
    }

    /// <summary>Whether a zone is one of those that were asked for (wildcards); all are when none was.</summary>
    protected static bool FitsZone(string[]? zones, string zone) =>
        zones is null || zones.Any(name => new WildcardPattern(name, WildcardOptions.IgnoreCase).IsMatch(zone));

    /// <summary>Whether something is where it was asked for.</summary>
    protected static bool FitsScope(PortRuleScope? scope, bool runtime, bool permanent) => scope switch
    {
        PortRuleScope.Runtime => runtime,
        PortRuleScope.Permanent => permanent,
        PortRuleScope.Both => runtime && permanent,
        _ => true,
    };

    private static string Describe(PortListener listener) =>
        $"{listener.Port}/{listener.Protocol.ToString().ToLowerInvariant()}{(listener.ProcessName is null ? "" : $" ({listener.ProcessName})")}";
}
