using LayerImage.Engine.Errors;
using Tmds.DBus.Protocol;

namespace LayerImage.Engine.Firewall;

/// <summary>Zones. firewalld knows a zone's target and description on the disk only; the rest is in both configurations.</summary>
internal sealed partial class FirewalldFirewall
{
    public HostFirewall GetPermanent(IEngineObserver observer) => HostFirewall.Of(Backend, ReadPermanent(), isRunning: true, service.IsEnabled);

    public IReadOnlyList<HostServiceRule> GetServiceRules(IEngineObserver observer)
    {
        FirewallState running = ReadRuntime(), permanent = ReadPermanent();
        return ServiceRuleList.Merge(running, permanent, FindServices(running.Zones.Values.Concat(permanent.Zones.Values).SelectMany(zone => zone.Services)));
    }

    public IReadOnlyList<HostPortForward> GetForwards(IEngineObserver observer) => ForwardRuleList.Merge(ReadRuntime(), ReadPermanent());

    public HostFirewallZone SetZone(ZoneRequest request, IEngineObserver observer)
    {
        ZoneChange change = ZoneChange.From(request);
        if (change is { Scope: PortRuleScope.Runtime, IsOfTheDisk: true })
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "firewalld keeps a zone's target and description on the disk only.")
            {
                Target = change.Zone,
                Advice = "Choose -Scope Permanent, then Sync-HostFirewall.",
            };
        }
        change.RequireServices(FindServices([.. request.Services ?? [], .. request.AddServices]));
        using IDisposable held = Lock();
        FirewallState? running = change.IsRuntime ? ReadRuntime() : null, permanent = change.IsPermanent ? ReadPermanent() : null;
        Dictionary<string, VariantValue> onDisk = Difference(permanent, change, forDisk: true), now = Difference(running, change, forDisk: false);
        string zone = (running ?? permanent)!.GetZone(change.Zone).Name;
        try
        {
            SetUnlessEmpty(bus.SetRuntime, zone, now);
            SetUnlessEmpty(bus.SetPermanent, zone, onDisk);
        }
        catch when (now.Count > 0)
        {
            ZoneSettings before = running!.GetZone(zone);
            bus.SetRuntime(zone, FirewalldZone.Difference(change.ApplyTo(before), before, forDisk: false));
            throw;
        }
        if (change.IsOfTheDisk && onDisk.Count > 0)
        {
            observer.Warning($"Zone '{zone}' has its new target or description after the next Sync-HostFirewall.");
        }
        RefreshGuardIfThere(observer);
        FirewallState result = change.IsRuntime ? ReadRuntime() : ReadPermanent();
        return HostFirewallZone.Of(result.GetZone(zone), result.IsActive(result.GetZone(zone)));
    }

    public HostFirewallZone NewZone(ZoneRequest request, IEngineObserver observer)
    {
        ZoneChange change = ZoneChange.From(request with { Scope = PortRuleScope.Permanent });
        change.RequireServices(FindServices([.. request.Services ?? [], .. request.AddServices]));
        using IDisposable held = Lock();
        ZoneSettings empty = new() { Name = change.Zone }, zone = change.ApplyTo(empty);
        ZoneChange.RequireFree(zone, ReadPermanent());
        bus.AddZone(change.Zone, FirewalldZone.Difference(empty, zone, forDisk: true));
        return HostFirewallZone.Of(zone, isActive: false);
    }

    public void RemoveZone(string zone, IEngineObserver observer)
    {
        using IDisposable held = Lock();
        FirewallState permanent = ReadPermanent();
        permanent.RequireRemovable(zone);
        bus.RemoveZone(permanent.GetZone(zone).Name);
    }

    public HostFirewall Configure(HostFirewallSettings settings, IEngineObserver observer)
    {
        FirewallState.RequireLogDenied(settings.LogDenied);
        using IDisposable held = Lock();
        if (settings.DefaultZone is { } zone)
        {
            bus.SetDefaultZone(ReadRuntime().GetZone(zone).Name);
        }
        if (settings.LogDenied is { } logged)
        {
            bus.SetLogDenied(logged.ToLowerInvariant());
        }
        if (settings.Panic is { } panic)
        {
            bus.SetPanic(panic);
        }
        RefreshGuardIfThere(observer);
        return Get(observer);
    }

    public IReadOnlyList<HostFirewallIssue> Check()
    {
        try
        {
            bus.CheckPermanent();
            return [];
        }
        catch (LayerImageException error) when (error.InnerException is DBusErrorReplyException reply && error.Error != EngineError.NotPrivileged)
        {
            return [new HostFirewallIssue(null, reply.ErrorMessage ?? reply.ErrorName)];
        }
    }

    private static Dictionary<string, VariantValue> Difference(FirewallState? state, ZoneChange change, bool forDisk)
    {
        if (state is null)
        {
            return [];
        }
        ZoneSettings zone = state.GetZone(change.Zone), changed = change.ApplyTo(zone);
        ZoneChange.RequireFree(changed, state);
        return FirewalldZone.Difference(zone, changed, forDisk);
    }

    private static void SetUnlessEmpty(Action<string, Dictionary<string, VariantValue>> set, string zone, Dictionary<string, VariantValue> settings)
    {
        if (settings.Count > 0)
        {
            set(zone, settings);
        }
    }
}
