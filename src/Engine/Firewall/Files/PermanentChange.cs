namespace LayerImage.Engine.Firewall;

/// <summary>A change of a zone's file: staged, then committed or forgotten.</summary>
internal sealed class PermanentChange(FirewallConfiguration configuration, PortSetKey key) : IDisposable
{
    private ConfigurationFile? _staged;

    /// <summary>Changes one set of ports.</summary>
    public void Stage(Func<IReadOnlyList<PortElement>, PortSetChange> compute)
    {
        ZoneFile file = configuration.Load(key.Zone);
        PortSetChange change = compute(file.Read().Elements(key));
        if (!change.IsEmpty)
        {
            file.Change(key, change);
            _staged = configuration.Stage(key.Zone, file);
        }
    }

    /// <summary>Makes all port rules of the zone those of a running one.</summary>
    public void StageAll(ZoneSettings running)
    {
        ZoneFile file = configuration.Load(key.Zone);
        ZoneSettings now = file.Read();
        bool changed = false;
        foreach (PortSetKey set in now.Ports.Keys.Union(running.Ports.Keys.Where(set => !set.IsOwned)))
        {
            PortElement[] wanted = [.. running.Elements(set).Where(element => element.Timeout is null)];
            PortSetChange change = new([.. now.Elements(set).Except(wanted)], [.. wanted.Except(now.Elements(set))]);
            file.Change(set, change);
            changed |= !change.IsEmpty;
        }
        _staged = changed ? configuration.Stage(key.Zone, file) : null;
    }

    public void Commit()
    {
        if (_staged is not null)
        {
            configuration.Commit(key.Zone, _staged);
        }
    }

    public void Dispose() => _staged?.Dispose();
}
