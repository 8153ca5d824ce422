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

    public static string Text(IReadOnlyList<string> command) => $"""
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
        ExecStart={string.Join(' ', command.Select(Quote))}

        [Install]
        WantedBy=multi-user.target

        """;

    public async Task EnableAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        string systemctl = RequireSystemd("enabled");
        if (command is not [['/', ..], ..] || command.Any(word => word.Any(char.IsControl)))
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"'{string.Join(' ', command)}' is not a command that a unit can start.")
            {
                Target = command,
                Advice = "Give an absolute path and its arguments, without line breaks.",
            };
        }
        using (ConfigurationFile unit = ConfigurationFile.Stage(UnitPath, Text(command)))
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

    /// <summary>A word of a command line in a unit (systemd.service(5), COMMAND LINES): quoted, and without meaning for systemd.</summary>
    private static string Quote(string word)
    {
        string escaped = word
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("%", "%%", StringComparison.Ordinal)
            .Replace("$", "$$", StringComparison.Ordinal);
        return $"\"{escaped}\"";
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
