using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The permanent configuration: <c>firewalld.conf</c>, <c>zones/*.xml</c> and <c>services/*.xml</c>, laid out as
/// /etc/firewalld. What has no file there has the packages' file, or firewalld's defaults.
/// </summary>
/// <param name="folder">The administrator's files.</param>
/// <param name="shipped">The packages' files, for zones; null: the defaults that are known here.</param>
internal sealed partial class FirewallConfiguration(string folder, string? shipped = null)
{
    private const string Firewalld = "/etc/firewalld", ShippedFirewalld = "/usr/lib/firewalld";

    /// <summary>The files of an installed firewalld.</summary>
    public static FirewallConfiguration OfFirewalld { get; } = new(Firewalld, ShippedFirewalld);

    /// <summary>Where the administrator's files are.</summary>
    public string Folder => folder;

    private const string DefaultZoneKey = "DefaultZone", LogDeniedKey = "LogDenied";

    private string ZoneFolder => Path.Combine(folder, "zones");

    private string? ShippedZoneFolder => shipped is null ? null : Path.Combine(shipped, "zones");

    private string ConfigurationPath => Path.Combine(folder, "firewalld.conf");

    public string PathOf(string zone) => Path.Combine(ZoneFolder, zone + ".xml");

    public string ServicePath(string service) => Path.Combine(folder, "services", service + ".xml");

    /// <summary>
    /// All zones with their settings. As in firewalld a file that cannot be understood leaves the others working: its zone is
    /// what runs, else what it is without the file, and the user is told.
    /// </summary>
    /// <param name="observer">Hears of each file that was not understood.</param>
    /// <param name="running">What runs now, if anything.</param>
    public FirewallState Read(IEngineObserver observer, FirewallState? running = null)
    {
        Dictionary<string, ZoneSettings> zones = [];
        foreach (string name in ZoneNames(observer))
        {
            if (ReadZone(name, observer, running) is { } zone)
            {
                zones.Add(name, WithoutConflicts(zone, zones.Values, observer));
            }
        }
        string defaultZone = DefaultZone();
        if (!zones.ContainsKey(defaultZone))
        {
            observer.Warning(
                $"{ConfigurationPath}: DefaultZone '{defaultZone}' is not a zone ({string.Join(", ", zones.Keys)}); "
                + $"'{ZoneDefaults.DefaultZone}' is taken instead.");
            defaultZone = ZoneDefaults.DefaultZone;
        }
        string logDenied = Setting(LogDeniedKey)?.ToLowerInvariant() ?? FirewallState.LogDeniedOff;
        return new FirewallState(defaultZone, zones) { LogDenied = FirewallState.LogDeniedValues.Contains(logDenied) ? logDenied : FirewallState.LogDeniedOff };
    }

    private ZoneSettings? ReadZone(string name, IEngineObserver observer, FirewallState? running)
    {
        try
        {
            return Load(name).Read();
        }
        catch (LayerImageException error) when (error.Error == EngineError.FirewallConfigurationInvalid)
        {
            ZoneSettings? instead = running?.Zones.GetValueOrDefault(name) ?? LoadDefault(name)?.Read();
            observer.Warning($"{error.Message} " + (instead is null ? $"Zone '{name}' is left out."
                : running is not null ? $"Zone '{name}' stays as it is." : $"Zone '{name}' is what it is without that file."));
            return instead;
        }
    }

    /// <summary>firewalld's ZONE_CONFLICT: what is bound to two zones is in the first only.</summary>
    private static ZoneSettings WithoutConflicts(ZoneSettings zone, IEnumerable<ZoneSettings> others, IEngineObserver observer)
    {
        string[] taken = [.. others.SelectMany(other => other.Interfaces.Concat(other.Sources)).Intersect(zone.Interfaces.Concat(zone.Sources))];
        foreach (string bound in taken)
        {
            string first = others.First(other => other.Interfaces.Concat(other.Sources).Contains(bound)).Name;
            observer.Warning($"'{bound}' is in two zones; it stays in '{first}' and is left out of '{zone.Name}'.");
        }
        return taken.Length == 0 ? zone : zone with { Interfaces = [.. zone.Interfaces.Except(taken)], Sources = [.. zone.Sources.Except(taken)] };
    }

    public string DefaultZone() => Setting(DefaultZoneKey) ?? ZoneDefaults.DefaultZone;

    /// <summary>Changes the zone's file, or makes one: staged, the caller commits it.</summary>
    public ConfigurationFile StageZone(ZoneChange change, FirewallState permanent)
    {
        string name = permanent.GetZone(change.Zone).Name;
        ZoneFile file = Load(name);
        ZoneSettings changed = change.ApplyTo(file.Read());
        ZoneChange.RequireFree(changed, permanent);
        file.Change(changed);
        return Stage(name, file);
    }

    /// <summary>Makes a new zone in the permanent configuration.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.NameInUse"/>, <see cref="EngineError.NameInvalid"/>.</exception>
    public ZoneSettings AddZone(ZoneChange change, FirewallState permanent)
    {
        if (!FirewallNames.IsZone(change.Zone))
        {
            throw new LayerImageException(EngineError.NameInvalid, $"'{change.Zone}' is not a name for a zone.")
            {
                Target = change.Zone,
                Advice = "A zone's name has at most 17 letters, digits, - and _.",
            };
        }
        if (permanent.Zones.Keys.FirstOrDefault(name => name.Equals(change.Zone, StringComparison.OrdinalIgnoreCase)) is { } taken)
        {
            throw new LayerImageException(EngineError.NameInUse, $"There is a zone '{taken}' already.")
            {
                Target = taken,
                Advice = "Set-HostFirewallZone changes it.",
            };
        }
        ZoneFile file = ZoneFile.New(change.Zone, PathOf(change.Zone));
        ZoneSettings zone = change.ApplyTo(file.Read());
        ZoneChange.RequireFree(zone, permanent);
        file.Change(zone);
        using ConfigurationFile staged = Stage(change.Zone, file);
        Commit(change.Zone, staged);
        return zone;
    }

    public void RemoveZone(string zone, FirewallState permanent)
    {
        permanent.RequireRemovable(zone);
        OnDisk(zone, () =>
        {
            File.Delete(PathOf(permanent.GetZone(zone).Name));
            return true;
        });
    }

    /// <summary>Writes settings into firewalld.conf; its other lines stay.</summary>
    public void Set(string? defaultZone, string? logDenied)
    {
        List<string> lines = File.Exists(ConfigurationPath) ? [.. File.ReadAllLines(ConfigurationPath)] : [];
        foreach ((string key, string? value) in (ReadOnlySpan<(string, string?)>)[(DefaultZoneKey, defaultZone), (LogDeniedKey, logDenied)])
        {
            if (value is not null)
            {
                lines.RemoveAll(line => IsSetting(line, key));
                lines.Add($"{key}={value}");
            }
        }
        OnDisk("", () =>
        {
            using ConfigurationFile file = ConfigurationFile.Stage(ConfigurationPath, string.Concat(lines.Select(line => line + "\n")));
            file.Commit();
            return true;
        });
    }

    /// <summary>The policies and sets of addresses beside the zones.</summary>
    public PolicyFiles Policies => new(shipped is null ? [folder] : [folder, shipped]);

    /// <summary>What is wrong with the files: zones, their services, conflicts, the default zone.</summary>
    public IReadOnlyList<HostFirewallIssue> Check()
    {
        List<HostFirewallIssue> issues = [];
        FirewallState state = Read(new IssueObserver(issues));
        foreach (ZoneSettings zone in state.Zones.Values)
        {
            foreach (string service in zone.Services)
            {
                try
                {
                    if (FindService(service) is null)
                    {
                        issues.Add(new HostFirewallIssue(PathOf(zone.Name), $"the service '{service}' is not known"));
                    }
                }
                catch (LayerImageException error) when (error.Error == EngineError.FirewallConfigurationInvalid)
                {
                    issues.Add(new HostFirewallIssue(ServicePath(service), error.Message));
                }
            }
        }
        return [.. issues.Distinct()];
    }

    private sealed class IssueObserver(List<HostFirewallIssue> issues) : IEngineObserver
    {
        public void Verbose(string message)
        {
        }

        public void Warning(string message) => issues.Add(new HostFirewallIssue(null, message));

        public void Progress(TransferProgress progress)
        {
        }
    }

    private string? Setting(string key) => !File.Exists(ConfigurationPath) ? null
        : File.ReadLines(ConfigurationPath).LastOrDefault(line => IsSetting(line, key))?.Split('=', 2)[1].Trim() is { Length: > 0 } value ? value : null;

    private static bool IsSetting(string line, string key) => line.Split('=', 2) is [var name, _] && name.Trim() == key;

    /// <summary>The zones that there are. Files with other names (an editor's copies) are no zones.</summary>
    public IReadOnlyList<string> ZoneNames(IEngineObserver? observer = null)
    {
        IEnumerable<string> own = Files(ZoneFolder);
        foreach (string name in own.Where(name => !FirewallNames.IsZone(name)))
        {
            observer?.Warning($"{PathOf(name)} is left out: a zone's name has at most 17 letters, digits, - and _.");
        }
        return [.. own.Where(FirewallNames.IsZone)
            .Union(ShippedZoneFolder is { } packaged ? Files(packaged) : [])
            .Union(ZoneDefaults.All.Select(zone => zone.Name))
            .Order(StringComparer.Ordinal)];

        static IEnumerable<string> Files(string folder) => Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.xml")
                .Where(path => !Path.GetFileName(path).StartsWith('.'))
                .Select(path => Path.GetFileNameWithoutExtension(path)!)
            : [];
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>, <see cref="EngineError.FirewallConfigurationInvalid"/>.</exception>
    public ZoneFile Load(string zone) => Parse(zone, PathOf(zone)) ?? LoadDefault(zone) ?? throw FirewallState.ZoneNotFound(zone, ZoneNames());

    /// <summary>A zone as it is without the administrator's file, or null.</summary>
    private ZoneFile? LoadDefault(string zone) => (ShippedZoneFolder is { } packaged ? Parse(zone, Path.Combine(packaged, zone + ".xml")) : null)
        ?? (ZoneDefaults.Find(zone) is { } known ? ZoneFile.FromDefault(known, PathOf(zone)) : null);

    private static ZoneFile? Parse(string zone, string path)
    {
        if (!FirewallNames.IsZone(zone) || !File.Exists(path))
        {
            return null;
        }
        using StreamReader text = new(path);
        return ZoneFile.Parse(zone, path, text);
    }

    /// <summary>Stages a zone's file; the caller commits it.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallFailed"/>: the disk refuses.</exception>
    public ConfigurationFile Stage(string zone, ZoneFile file) => OnDisk(zone, () => ConfigurationFile.Stage(PathOf(zone), file.ToString()));

    public void Commit(string zone, ConfigurationFile file) => OnDisk(zone, () =>
    {
        file.Commit();
        return true;
    });

    private string Target(string zone) => zone.Length == 0 ? ConfigurationPath : PathOf(zone);

    private T OnDisk<T>(string zone, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LayerImageException(EngineError.FirewallFailed, $"{Target(zone)} cannot be written: {error.Message}", error)
            {
                Target = Target(zone),
                Advice = "Make the folder writable, or choose -Scope Runtime. Nothing was changed.",
            };
        }
    }
}
