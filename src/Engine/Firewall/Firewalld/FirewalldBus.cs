using LayerImage.Engine.Errors;
using Tmds.DBus.Protocol;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// firewalld's interface on the system bus (firewalld.dbus(5)). The calls go to the process that had the name when this
/// was opened, so that two calls never reach two firewallds; each waits a bounded time.
/// </summary>
internal sealed partial class FirewalldBus : IDisposable
{
    private const string Name = "org.fedoraproject.FirewallD1", Root = "/org/fedoraproject/FirewallD1", Bus = "org.freedesktop.DBus";
    private const string ZoneInterface = Name + ".zone", ConfigInterface = Name + ".config", ConfigZoneInterface = ConfigInterface + ".zone";
    private const string PolicyInterface = Name + ".policy", IpSetInterface = Name + ".ipset";
    private const string ConfigPath = Root + "/config";

    // A reload makes all rules anew.
    private const int ReloadFactor = 8;

    private readonly TimeSpan _patience;

    private readonly DBusConnection _connection;

    private FirewalldBus(DBusConnection connection, TimeSpan patience, string owner, uint processId)
    {
        _connection = connection;
        _patience = patience;
        Owner = owner;
        ProcessId = processId;
    }

    /// <summary>The name of its connection to the bus: another one after each start of firewalld.</summary>
    public string Owner { get; }

    /// <summary>The process id of firewalld.</summary>
    public uint ProcessId { get; }

    /// <summary>Connects to firewalld; null when there is no bus or no firewalld on it.</summary>
    /// <param name="address">The bus.</param>
    /// <param name="patience">How long a call may take.</param>
    public static FirewalldBus? TryOpen(string address, TimeSpan patience)
    {
        // Most hosts without firewalld have no such bus: they pay for a look at a file.
        const string PathPrefix = "unix:path=";
        if (address.StartsWith(PathPrefix, StringComparison.Ordinal) && !File.Exists(address[PathPrefix.Length..].Split(',')[0]))
        {
            return null;
        }
        DBusConnection connection = new(address);
        try
        {
            FirewalldBus? bus = Wait(() => FindAsync(connection, patience), patience);
            if (bus is not null)
            {
                return bus;
            }
        }
        catch (LayerImageException error) when (error.InnerException is DBusConnectFailedException)
        {
            // Nobody listens there.
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        connection.Dispose();
        return null;
    }

    /// <summary>RUNNING, INIT while it makes its rules, or FAILED when it could not and fell back to its own defaults.</summary>
    public string State() =>
        Wait(async () => (await CallAsync(Root, Bus + ".Properties", "Get", Variant, Name, "state").ConfigureAwait(false)).GetString(), _patience);

    /// <summary>The zone of what is bound to none.</summary>
    public string DefaultZone() => Wait(() => CallAsync(Root, Name, "getDefaultZone", Text), _patience);

    /// <summary>The running settings of a zone, or of all, by name.</summary>
    public IReadOnlyDictionary<string, FirewalldZone> RuntimeZones(string? only = null) => Wait(async () =>
    {
        string[] names = only is not null ? [only] : await CallAsync(Root, ZoneInterface, "getZones", Texts).ConfigureAwait(false);
        return await EachAsync(names, name => CallAsync(Root, ZoneInterface, "getZoneSettings2", Settings, name)).ConfigureAwait(false);
    }, _patience);

    /// <summary>The permanent settings of a zone, or of all, by name.</summary>
    public IReadOnlyDictionary<string, FirewalldZone> PermanentZones(string? only = null) => Wait(async () =>
    {
        string[] names = only is not null ? [only] : await CallAsync(ConfigPath, ConfigInterface, "getZoneNames", Texts).ConfigureAwait(false);
        return await EachAsync(names, async name =>
            await CallAsync(
                await PathOfAsync(name).ConfigureAwait(false),
                ConfigZoneInterface,
                "getSettings2",
                Settings).ConfigureAwait(false)).ConfigureAwait(false);
    }, _patience);

    /// <summary>The policies, in a zone's form, by name: those that hold, or those on the disk.</summary>
    public IReadOnlyDictionary<string, FirewalldZone> Policies(bool permanent) => Wait(async () =>
    {
        string[] names = await (permanent
            ? CallAsync(ConfigPath, ConfigInterface, "getPolicyNames", Texts)
            : CallAsync(Root, PolicyInterface, "getPolicies", Texts)).ConfigureAwait(false);
        return await EachAsync(names, async name => permanent
            ? await CallAsync(
                await ConfigPathOfAsync("getPolicyByName", name).ConfigureAwait(false),
                ConfigInterface + ".policy",
                "getSettings",
                Settings).ConfigureAwait(false)
            : await CallAsync(Root, PolicyInterface, "getPolicySettings", Settings, name).ConfigureAwait(false)).ConfigureAwait(false);
    }, _patience);

    /// <summary>The sets of addresses: those that hold, or those on the disk.</summary>
    public IReadOnlyList<HostFirewallIpSet> IpSets(bool permanent) => Wait(async () =>
    {
        string[] names = await (permanent
            ? CallAsync(ConfigPath, ConfigInterface, "getIPSetNames", Texts)
            : CallAsync(Root, IpSetInterface, "getIPSets", Texts)).ConfigureAwait(false);
        return (IReadOnlyList<HostFirewallIpSet>)await Task.WhenAll(names.Select(async name => (permanent
            ? await CallAsync(
                await ConfigPathOfAsync("getIPSetByName", name).ConfigureAwait(false),
                ConfigInterface + ".ipset",
                "getSettings",
                IpSet).ConfigureAwait(false)
            : await CallAsync(Root, IpSetInterface, "getIPSetSettings", IpSet, name).ConfigureAwait(false)) with { Name = name })).ConfigureAwait(false);
    }, _patience);

    /// <summary>What services let in, by name. A name that firewalld does not know is left out.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, VariantValue>> Services(IEnumerable<string> names) => Wait(async () =>
    {
        Dictionary<string, IReadOnlyDictionary<string, VariantValue>> services = [];
        foreach (string name in names.Distinct())
        {
            try
            {
                services.Add(name, await CallAsync(Root, Name, "getServiceSettings2", Settings, name).ConfigureAwait(false));
            }
            catch (DBusErrorReplyException error) when (FirewalldErrors.CodeOf(error) == "INVALID_SERVICE")
            {
                // It was taken away while a zone still names it.
            }
        }
        return (IReadOnlyDictionary<string, IReadOnlyDictionary<string, VariantValue>>)services;
    }, _patience);

    /// <summary>Opens a port now; false when it was open.</summary>
    /// <param name="zone">The zone.</param>
    /// <param name="element">Protocol, ports, and the time after which firewalld closes them again, in whole seconds.</param>
    public bool AddPort(string zone, PortElement element) =>
        Try("addPort", zone, element.Range.ToString(), element.Protocol.Name(), Seconds(element.Timeout));

    /// <summary>Closes ports now; false when they were closed.</summary>
    public bool RemovePort(string zone, PortElement element) => Try("removePort", zone, element.Range.ToString(), element.Protocol.Name());

    /// <summary>Adds a rich rule (firewalld.richlanguage(5)) now; false when it was there.</summary>
    public bool AddRichRule(string zone, string rule, TimeSpan? timeout) => Try("addRichRule", zone, rule, Seconds(timeout));

    /// <summary>Takes a rich rule away now; false when it was not there.</summary>
    public bool RemoveRichRule(string zone, string rule) => Try("removeRichRule", zone, rule);

    /// <summary>Makes some settings of a running zone what is given; the others stay.</summary>
    public void SetRuntime(string zone, Dictionary<string, VariantValue> settings) =>
        Do(() => CallAsync(Root, ZoneInterface, "setZoneSettings2", Nothing, zone, settings));

    /// <summary>Makes some permanent settings of a zone what is given, in one step on the disk; the others stay.</summary>
    public void SetPermanent(string zone, Dictionary<string, VariantValue> settings) =>
        Do(async () => await CallAsync(await PathOfAsync(zone).ConfigureAwait(false), ConfigZoneInterface, "update2", Nothing, settings).ConfigureAwait(false));

    /// <summary>Makes a zone on the disk.</summary>
    public void AddZone(string zone, Dictionary<string, VariantValue> settings) =>
        _ = Wait(() => CallAsync(ConfigPath, ConfigInterface, "addZone2", ObjectPath, zone, settings), _patience);

    /// <summary>Takes a zone off the disk.</summary>
    public void RemoveZone(string zone) =>
        Do(async () => await CallAsync(await PathOfAsync(zone).ConfigureAwait(false), ConfigZoneInterface, "remove", Nothing).ConfigureAwait(false));

    /// <summary>Whether nothing goes in or out.</summary>
    public bool IsPanic() => Wait(() => CallAsync(Root, Name, "queryPanicMode", Flag), _patience);

    public void SetPanic(bool on) => Do(() => CallAsync(Root, Name, on ? "enablePanicMode" : "disablePanicMode", Nothing));

    public string LogDenied() => Wait(() => CallAsync(Root, Name, "getLogDenied", Text), _patience);

    public void SetLogDenied(string value) => Do(() => CallAsync(Root, Name, "setLogDenied", Nothing, value), _patience * ReloadFactor);

    public void SetDefaultZone(string zone) => Do(() => CallAsync(Root, Name, "setDefaultZone", Nothing, zone));

    /// <summary>Reads all files of the permanent configuration; what is wrong comes back as an error.</summary>
    public void CheckPermanent() => Do(() => CallAsync(Root, Name, "checkPermanentConfig", Nothing), _patience * ReloadFactor);

    /// <summary>The zone that an interface is bound to now, or "".</summary>
    public string RuntimeZoneOf(string interfaceName) => Wait(() => CallAsync(Root, ZoneInterface, "getZoneOfInterface", Text, interfaceName), _patience);

    /// <summary>The zone that an interface is bound to on the disk, or "".</summary>
    public string PermanentZoneOf(string interfaceName) =>
        Wait(() => CallAsync(ConfigPath, ConfigInterface, "getZoneOfInterface", Text, interfaceName), _patience);

    /// <summary>Binds an interface to a zone now.</summary>
    public void AddInterface(string zone, string interfaceName) => Try("addInterface", zone, interfaceName);

    /// <summary>Calls back at everything that firewalld tells of, at its end and at its start, until what is returned is disposed.</summary>
    public static async Task<IDisposable> WatchAsync(string address, Action changed, Action ended)
    {
        DBusConnection connection = new(address);
        try
        {
            await connection.ConnectAsync().ConfigureAwait(false);
            MatchRule signals = new() { Type = MessageType.Signal, Sender = Name };
            MatchRule owners = new() { Type = MessageType.Signal, Sender = Bus, Interface = Bus, Member = "NameOwnerChanged", Arg0 = Name };
            foreach (MatchRule rule in (MatchRule[])[signals, owners])
            {
                await connection.AddMatchAsync(rule, (Notification _) => changed(), emitOnCapturedContext: false, ObserverFlags.None).ConfigureAwait(false);
            }
            _ = connection.DisconnectedAsync().ContinueWith(_ => ended(), TaskScheduler.Default);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Makes the permanent configuration the running one. Established connections live on.</summary>
    public void Reload() => Do(() => CallAsync(Root, Name, "reload", Nothing), _patience * ReloadFactor);

    /// <summary>The same with the kernel's modules; established connections end.</summary>
    public void CompleteReload() => Do(() => CallAsync(Root, Name, "completeReload", Nothing), _patience * ReloadFactor);

    /// <summary>Makes the running configuration the permanent one.</summary>
    public void RuntimeToPermanent() => Do(() => CallAsync(Root, Name, "runtimeToPermanent", Nothing), _patience * ReloadFactor);

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private static async Task<FirewalldBus?> FindAsync(DBusConnection connection, TimeSpan patience)
    {
        await connection.ConnectAsync().ConfigureAwait(false);
        try
        {
            string owner = await CallAsync(connection, Bus, "/org/freedesktop/DBus", Bus, "GetNameOwner", Text, Name).ConfigureAwait(false);
            uint process = await CallAsync(connection, Bus, "/org/freedesktop/DBus", Bus, "GetConnectionUnixProcessID", Number, owner).ConfigureAwait(false);
            return new FirewalldBus(connection, patience, owner, process);
        }
        catch (DBusErrorReplyException error) when (error.ErrorName == Bus + ".Error.NameHasNoOwner")
        {
            return null;
        }
    }
}
