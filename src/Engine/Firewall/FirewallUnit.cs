using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Firewall;

/// <summary>The firewall's unit of systemd: before the network, as firewalld's own, so that no port is open for a moment.</summary>
internal sealed class FirewallUnit(ServiceManagerPaths paths)
{
    public const string Name = "layerimage-firewall.service";

    private string UnitPath => Path.Combine(paths.Units, Name);

    private string LinkPath => Path.Combine(paths.Units, "multi-user.target.wants", Name);

    public bool IsEnabled => new FileInfo(LinkPath).LinkTarget is not null;

    public static string Text(string execStart) => $"""
        [Unit]
        Description=LayerImage host firewall
        Documentation=man:nft(8)
        Before=network-pre.target
        Wants=network-pre.target
        Conflicts=firewalld.service
        DefaultDependencies=no
        After=local-fs.target
        RequiresMountsFor=/etc /run
        Conflicts=shutdown.target
        Before=shutdown.target

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart={execStart}

        [Install]
        WantedBy=multi-user.target

        """;

    public async Task EnableAsync(string execStart, CancellationToken cancellationToken)
    {
        string systemctl = RequireSystemd("enabled");
        if (!execStart.StartsWith('/') || execStart.AsSpan().ContainsAny('\n', '\r'))
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"'{execStart}' is not a command that a unit can start.")
            {
                Target = execStart,
                Advice = "Give one line that begins with an absolute path.",
            };
        }
        using (ConfigurationFile unit = ConfigurationFile.Stage(UnitPath, Text(execStart)))
        {
            unit.Commit();
        }
        Directory.CreateDirectory(Path.GetDirectoryName(LinkPath)!);
        if (!IsEnabled)
        {
            File.CreateSymbolicLink(LinkPath, $"../{Name}");
        }
        await ReloadAsync(systemctl, cancellationToken).ConfigureAwait(false);
    }

    public async Task DisableAsync(CancellationToken cancellationToken)
    {
        string systemctl = RequireSystemd("disabled");
        File.Delete(LinkPath);
        File.Delete(UnitPath);
        await ReloadAsync(systemctl, cancellationToken).ConfigureAwait(false);
    }

    private string RequireSystemd(string what)
    {
        if (!Directory.Exists(paths.Running))
        {
            throw new LayerImageException(EngineError.ServiceManagerMissing, $"The host firewall cannot be {what} at boot: systemd does not run this host.")
            {
                Target = paths.Running,
                Advice = "Start the firewall from what starts this host's services (an init script, a container's entry point).",
            };
        }
        return ToolLocator.Get("systemctl", "systemd");
    }

    /// <summary>systemd rereads its units; the links above are what `systemctl enable` would make.</summary>
    private static async Task ReloadAsync(string systemctl, CancellationToken cancellationToken) => _ = await ProcessRunner.RunCheckedAsync(
        EngineError.FirewallFailed, [systemctl, "daemon-reload"], null, cancellationToken).ConfigureAwait(false);
}
