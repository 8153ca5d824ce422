using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Module;
using Xunit;

namespace LayerImage.Module.Tests.Acceptance;

/// <summary>
/// What the acceptance tests share: a store of their own, a session on it, and at the end a machine that is as it was.
/// They run one after another (the collection), because they look at the whole machine.
/// </summary>
[Collection("Acceptance")]
public abstract class AcceptanceTest : IAsyncLifetime
{
    private HostSnapshot? _before;
    private TempStore? _store;
    private IModuleSession? _session;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private protected static AcceptanceHost Host => AcceptanceHost.Instance;

    protected TempStore Store => _store ?? throw new InvalidOperationException("The store is made in InitializeAsync.");

    protected static string? Missing => Requires.All(
        Requires.PrivateNetwork, Requires.Tool("crun"), Requires.Tool("conmon"), Requires.Tool("nft"), Requires.Tool("ip"), BusyboxRootFs.Missing);

    public virtual async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }
        _before = await HostSnapshot.CaptureAsync(Stop);
        _store = new TempStore();
        _session = await Host.OpenAsync(_store.Environment, Stop);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_before is null || _store is null)
        {
            return;
        }
        if (_session is not null)
        {
            await _session.InvokeAsync("Get-Container | Remove-LayerContainer -Force; Stop-HostFirewall", CancellationToken.None);
            await _session.DisposeAsync();
        }
        await HostSnapshot.EnsureSameAsync(_before, TimeSpan.FromSeconds(10), CancellationToken.None);
        _store.Dispose();
    }

    /// <summary>Imports a root file system with busybox as the image <c>box</c>.</summary>
    protected async Task ImportBoxAsync() => await RunAsync($"$null = Import-LayerImage -Path '{await BusyboxRootFs.CreateAsync(Store["box"], Stop)}' -Reference box");

    /// <summary>Runs a script that must not fail.</summary>
    protected async Task<SessionResult> RunAsync(string script)
    {
        SessionResult result = await TryRunAsync(script);
        Assert.True(result.Errors.Count == 0, $"{script}\n{string.Join('\n', result.Errors)}");
        return result;
    }

    /// <summary>Runs a script that may fail.</summary>
    protected Task<SessionResult> TryRunAsync(string script) =>
        _session?.InvokeAsync(script, Stop) ?? throw new InvalidOperationException("The session is opened in InitializeAsync.");
}
