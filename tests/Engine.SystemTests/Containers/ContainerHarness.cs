using System.Diagnostics;
using System.Globalization;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>An engine on a store of its own with a busybox image named box. Without Agent: what must be done is done by looks.</summary>
internal sealed class ContainerHarness : IAsyncDisposable
{
    private readonly TempStore _store;

    private ContainerHarness(TempStore store)
    {
        _store = store;
        Engine = new LayerImageEngine(store.Options);
    }

    public static string? Missing => Requires.All(
        Requires.PrivateNetwork, Requires.Tool("crun"), Requires.Tool("conmon"), Requires.Tool("nft"), BusyboxRootFs.Missing);

    public LayerImageEngine Engine { get; }

    public ContainerService Containers => Engine.Containers;

    public StoreLayout Layout => new(_store.Options);

    public RuntimePaths Paths => new(_store.Options.Run);

    /// <summary>An engine on the same store with another run folder, as a session has it whose $LAYERIMAGE_RUN is another.</summary>
    public LayerImageEngine WithRunFolder(string name) => new(_store.Options with { Run = _store[name] });

    public StoreDatabase Database => StoreDatabase.Open(Layout.Database);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A path beside the store.</summary>
    public string this[string relative] => _store[relative];

    public static async Task<ContainerHarness> CreateAsync(bool inMemory = false)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        ContainerHarness harness = new(new TempStore(inMemory: inMemory));
        string root = await BusyboxRootFs.CreateAsync(harness._store["box"], Stop);
        await harness.Engine.Images.ImportAsync(root, "box", null, Stop);
        return harness;
    }

    public Task<Container> RunAsync(string command, params string[] publish) =>
        Containers.RunAsync(Request(command, publish), null, SilentObserver.Instance, Stop);

    public Task<Container> NewAsync(string command, params string[] publish) =>
        Containers.CreateAsync(Request(command, publish), SilentObserver.Instance, Stop);

    /// <summary>Makes a record say what it says when the process that wrote it was killed.</summary>
    public void Record(string id, string state, string? bootId = null) => Database.Write(transaction => transaction.Execute(
        "UPDATE container SET state = ?2, boot_id = coalesce(?3, boot_id, ?4), pid = ?5, pid_start = 1 WHERE id = ?1",
        id, state, bootId, IO.HostProcess.BootId, Environment.ProcessId));

    /// <summary>Ends a container's monitor first and then its program, so that nobody is told.</summary>
    public async Task EndUnseenAsync(Container container)
    {
        int monitor = int.Parse(await File.ReadAllTextAsync(Path.Combine(Paths.Bundle(container.Id), "conmon.pid"), Stop), CultureInfo.InvariantCulture);
        using Process process = Process.GetProcessById(monitor), program = Process.GetProcessById(container.ProcessId!.Value);
        process.Kill();
        Assert.Equal(ContainerState.Running, (await Containers.GetAsync(container.Id, Stop)).State);
        program.Kill();
        await Task.Delay(100, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Container container in await Containers.ListAsync(CancellationToken.None))
        {
            await Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, CancellationToken.None);
        }
        _store.Dispose();
    }

    public static ContainerRequest Request(string command, params string[] publish) => new() { Image = "box", Command = [command], Publish = [.. publish.Select(PortMapping.Parse)] };
}

/// <summary>These tests look at all monitors and mounts of the machine: nothing runs beside them.</summary>
[CollectionDefinition("Containers", DisableParallelization = true)]
public sealed class ContainersCollection;
