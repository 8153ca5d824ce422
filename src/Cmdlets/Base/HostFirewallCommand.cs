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
            Engine.Containers.RestoreNetwork(anew: true, Observer);
        }
        catch (LayerImageException error)
        {
            // The firewall is what was asked for; a damaged store must not keep a host from it.
            WriteWarning($"The published ports of containers were not looked at: {error.Message}");
        }
    }

    private static string Describe(PortListener listener) =>
        $"{listener.Port}/{listener.Protocol.ToString().ToLowerInvariant()}{(listener.ProcessName is null ? "" : $" ({listener.ProcessName})")}";
}
