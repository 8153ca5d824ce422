using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Firewall;

/// <summary>firewalld as a unit of systemd: what `systemctl start|stop|enable|disable firewalld` do.</summary>
internal sealed class FirewalldService(ServiceManagerPaths paths)
{
    private const string Unit = "firewalld.service";

    private const uint ServiceManager = 1;

    /// <summary>
    /// firewalld is installed and not masked, systemd runs this host, and what it starts filters here: not so in another network
    /// namespace.
    /// </summary>
    public bool IsInstalled => Directory.Exists(paths.Running) && ProcessNetwork.IsOurs(ServiceManager) && !IsMasked
        && UnitFolders.Any(folder => File.Exists(Path.Combine(folder, Unit)));

    // systemctl(1), mask: the administrator does not want it started by anything.
    private bool IsMasked => new FileInfo(Path.Combine(paths.Units, Unit)).LinkTarget == "/dev/null";

    /// <summary>Some target wants it. The links are what `systemctl is-enabled` looks at.</summary>
    public bool IsEnabled => Directory.Exists(paths.Units)
        && Directory.EnumerateDirectories(paths.Units)
            .Any(folder => folder.EndsWith(".wants", StringComparison.Ordinal) && new FileInfo(Path.Combine(folder, Unit)).LinkTarget is not null);

    // systemd.unit(5): the administrator's, the packages'.
    private IEnumerable<string> UnitFolders => [paths.Units, .. paths.Shipped];

    public void Start() => Run("start");

    public void Stop() => Run("stop");

    public void Enable() => Run("enable");

    public void Disable() => Run("disable");

    /// <exception cref="LayerImageException">
    /// <see cref="EngineError.ServiceManagerMissing"/>: something else than systemd started it;
    /// <see cref="EngineError.FirewallFailed"/>: systemd's own words.
    /// </exception>
    private void Run(string verb)
    {
        if (!Directory.Exists(paths.Running))
        {
            throw new LayerImageException(EngineError.ServiceManagerMissing, $"firewalld cannot be told to {verb}: systemd does not run this host.")
            {
                Target = Unit,
                Advice = "Do it where firewalld was started (an init script, a container's entry point).",
            };
        }
        // It waits until firewalld has its name on the bus (Type=dbus), or has ended.
        ProcessResult result = IsolatedProcess.Run([ToolLocator.Get("systemctl", "systemd"), verb, Unit]);
        if (result.ExitCode != 0)
        {
            string words = result.Error.Trim();
            bool isRefusal = words.Contains("Access denied", StringComparison.Ordinal) || words.Contains("authentication", StringComparison.Ordinal);
            throw new LayerImageException(
                isRefusal ? EngineError.NotPrivileged : EngineError.FirewallFailed,
                $"systemctl {verb} {Unit} failed: {words}")
            {
                Target = Unit,
                Advice = "journalctl -u firewalld says more; a unit that is masked must be unmasked first.",
            };
        }
    }
}
