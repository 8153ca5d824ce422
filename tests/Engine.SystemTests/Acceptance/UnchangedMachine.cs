using LayerImage.Engine.SystemTests.Acceptance;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

[assembly: AssemblyFixture(typeof(UnchangedMachine))]

namespace LayerImage.Engine.SystemTests.Acceptance;

/// <summary>After all tests the machine is as it was before the first: mounts, rules, links, namespaces, processes.</summary>
public sealed class UnchangedMachine : IAsyncLifetime
{
    private HostSnapshot? _before;

    public async ValueTask InitializeAsync()
    {
        if (Requires.PrivateNetwork is null)
        {
            _before = await HostSnapshot.CaptureAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_before is not null)
        {
            await HostSnapshot.EnsureSameAsync(_before, TimeSpan.FromSeconds(10), CancellationToken.None);
        }
    }
}

/// <summary>For tests that look at the whole machine: nothing runs beside them.</summary>
[CollectionDefinition("Whole machine", DisableParallelization = true)]
public sealed class WholeMachineCollection;
