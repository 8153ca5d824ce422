using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Module;
using Xunit;

namespace LayerImage.Module.Tests.Acceptance;

/// <summary>
/// What is around the engine breaks: folders that are files, damaged settings, disks that are full or read-only.
/// Every cmdlet is called then, and says what is wrong in the engine's words: no other exception reaches a user.
/// </summary>
public sealed class BrokenSurroundingsTests : AcceptanceTest
{
    /// <summary>Each breaks something of the store $R, the run folder $U or the configuration $C, and mends it again; $F is for what is put aside.</summary>
    private static readonly Dictionary<string, (string Break, string Mend)> s_damages = new()
    {
        ["nothing"] = ("true", "true"),
        ["the store is a file"] = ("mv $R $F/root; echo x > $R", "rm -rf $R; mv $F/root $R"),
        ["the run folder is a file"] = ("mv $U $F/run; echo x > $U", "rm -rf $U; mv $F/run $U"),
        ["the configuration is a file"] = ("mkdir -p $C; mv $C $F/config; echo x > $C", "rm -rf $C; mv $F/config $C"),
        ["the store's folders are files"] = ("for f in content layers containers; do [ ! -e $R/$f ] || mv $R/$f $F/$f; echo x > $R/$f; done", "for f in content layers containers; do rm -rf $R/$f; [ ! -e $F/$f ] || mv $F/$f $R/$f; done"),
        ["settings are rubbish"] =
            ("mkdir -p $C/firewall/zones $C/firewall/policies; for f in firewall/zones/public.xml firewall/policies/x.xml firewall/firewalld.conf registries.conf auth.json config.json; do head -c 2000 /dev/urandom > $C/$f; done; head -c 2000 /dev/urandom > $F/../auth.json", "rm -rf $C $F/../auth.json"),
        ["a zone's file is a folder"] = ("mkdir -p $C/firewall/zones/public.xml $C/firewall/firewalld.conf", "rm -rf $C"),
        ["the store is read-only"] = ("mount --rbind $R $R; mount -o remount,bind,ro $R", "umount -l $R"),
        ["the run folder is read-only"] = ("mount --rbind $U $U; mount -o remount,bind,ro $U", "umount -l $U"),
        ["the configuration is read-only"] = ("mkdir -p $C; mount --bind $C $C; mount -o remount,bind,ro $C", "umount -l $C"),
        ["the configuration's disk is full"] = ("mkdir -p $C; mount -t tmpfs -o size=4k none $C; cat /dev/zero > $C/full || true", "umount -l $C"),
    };

    // In an order in which the first ones leave something for the later ones.
    private static readonly string[] s_lines =
    [
        "Get-LayerImage", "Get-LayerImage box", "Get-ImageLayer box", "Get-ImageHistory box", "Get-LayerImagePlan 127.0.0.1:1/x", "Find-LayerImage 127.0.0.1:1/x",
        "Compare-LayerImage box box", "Add-ImageTag box box:2", "Remove-ImageTag box:2", "Export-LayerImage box F/out.tar -Force", "Import-LayerImage F/out.tar",
        "Receive-LayerImage 127.0.0.1:1/x -RetryCount 0", "Send-LayerImage box 127.0.0.1:1/x -RetryCount 0", "Mount-LayerImage box F/mount", "Get-LayerImageMount", "Dismount-LayerImage F/mount",
        "Copy-LayerImageItem LayerImage:/images/box/latest/rootfs/bin/sh -Destination F/copied", "Get-ChildItem LayerImage:/images", "Get-ChildItem LayerImage:/containers",
        "Get-LayerStore", "Test-LayerStore", "Repair-LayerStore -Confirm:$false",
        "Get-Container", "Get-Container web", "Get-ContainerLog web", "Get-ContainerChange web", "Get-ContainerPort web", "Invoke-ContainerCommand web true", "Connect-LayerContainer idle",
        "Enter-LayerContainer web", "Suspend-LayerContainer web", "Resume-LayerContainer web", "Save-ContainerAsImage -Name web -Reference saved", "Wait-LayerContainer web -Timeout 0.1",
        "New-LayerContainer box -Name another -Command sleep,'100'", "Start-LayerContainer box -Name third -Publish 8099:80 -Command sleep,'100'", "Rename-LayerContainer another renamed",
        "Start-LayerContainer -Name idle", "Restart-LayerContainer web -Timeout 0", "Stop-LayerContainer web -Timeout 0", "Remove-LayerContainer third -Force",
        "Get-HostFirewall", "Get-HostFirewallZone", "Get-HostFirewallPolicy", "Get-HostFirewallIpSet", "Start-HostFirewall", "Set-HostPortRule 9200", "Get-HostPortRule", "Test-HostPort 9200 -Detailed",
        "Set-HostPortForward 80 8080", "Get-HostPortForward", "Remove-HostPortForward 80", "Remove-HostPortRule 9200", "New-HostFirewallZone lab", "Set-HostFirewallZone public -Description x",
        "Remove-HostFirewallZone lab", "Set-HostFirewall -LogDenied all", "Test-HostFirewall", "Sync-HostFirewall", "Enable-HostFirewall", "Disable-HostFirewall", "Stop-HostFirewall",
        "Get-ImageRegistry", "Connect-ImageRegistry 127.0.0.1:1 -Credential ([pscredential]::new('u', (ConvertTo-SecureString p -AsPlainText -Force)))", "Disconnect-ImageRegistry 127.0.0.1:1",
        "Remove-LayerImage saved", "Clear-LayerImage -Confirm:$false", "Clear-LayerStore -Confirm:$false",
    ];

    // Each takes ten seconds: all of them with build.ps1 Test -Long.
    private static readonly string[] s_always = ["the run folder is a file", "the store's folders are files", "the run folder is read-only"];

    public static TheoryData<string> Damages => [.. (IEnumerable<string>)(TestRun.IsLong ? s_damages.Keys : s_always)];

    [Fact]
    public async Task Lines_CallEveryCmdlet()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        Assert.DoesNotContain((await RunAsync("(Get-Command -Module LayerImage -CommandType Cmdlet).Name")).Lines, cmdlet => !s_lines.Any(line => line == cmdlet || line.StartsWith(cmdlet + " ", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task EveryFailure_IsTheEngines(string damage)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await ImportBoxAsync();
        await RunAsync("$null = Start-LayerContainer box -Name web -Publish 8098:80 -Command sleep,'1000'; $null = New-LayerContainer box -Name idle -Command sleep,'1000'");
        List<string> raw = [];
        await ShellAsync(s_damages[damage].Break);
        try
        {
            foreach (string line in s_lines)
            {
                SessionResult result = await TryRunAsync(line.Replace(" F/", $" {Store["."]}/", StringComparison.Ordinal));
                raw.AddRange(result.Errors.Where(error => !Enum.IsDefined(typeof(EngineError), error.Name) && error.Name != "PathNotFound").Select(error => $"{line}: {error.ErrorId}: {error.Message}"));
                Assert.True(damage != "nothing" || result.Errors.All(error => error.Name is nameof(EngineError.RegistryUnreachable) or nameof(EngineError.ServiceManagerMissing)
                    or nameof(EngineError.ContainerNotRunning) or nameof(EngineError.ParameterInvalid) or nameof(EngineError.WaitTimedOut) or nameof(EngineError.RegistryLoginNotFound) or nameof(EngineError.ZoneNotFound)),
                    $"{line}: {string.Join("; ", result.Errors)}");
            }
        }
        finally
        {
            await ShellAsync(s_damages[damage].Mend);
        }

        Assert.Empty(raw);
    }

    private async Task ShellAsync(string script) => await ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed,
        ["sh", "-ec", $"R='{Store.Options.Root}' U='{Store.Options.Run}' C='{Store.Options.Configuration}' F='{Store["."]}'\n{script}"], null, Stop);
}
