namespace LayerImage.Engine.Firewall;

/// <summary>A change of a zone's file: staged, then committed or forgotten.</summary>
internal sealed class ZoneFileEdit(FirewallConfiguration configuration, PortSetKey key) : IDisposable
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

    /// <summary>Makes the zone what a running one is, but for its description and what only the disk has.</summary>
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
        // The containers' bridge is bound without a file.
        ZoneSettings after = now with
        {
            Target = running.Target,
            Interfaces = [.. running.Interfaces.Where(name => name != NftFirewallScript.ContainerBridge || now.Interfaces.Contains(name))],
            Sources = running.Sources,
            Services = running.Services,
            Protocols = running.Protocols,
            SourcePorts = running.SourcePorts,
            ForwardPorts = running.ForwardPorts,
            Masquerade = running.Masquerade,
            Forward = running.Forward,
            IcmpBlocks = running.IcmpBlocks,
            IcmpBlockInversion = running.IcmpBlockInversion,
        };
        string before = file.ToString();
        file.Change(after);
        changed |= file.ToString() != before;
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
