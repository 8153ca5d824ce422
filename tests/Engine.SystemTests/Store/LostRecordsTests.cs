using System.Globalization;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Images;
using Microsoft.Data.Sqlite;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>A store whose records are lost or damaged is told as such; what it holds is not garbage then.</summary>
public sealed class LostRecordsTests
{
    [Theory]
    [InlineData("rm state.db")]
    [InlineData("rm state.db state.db-wal state.db-shm")]
    [InlineData("rm state.db-wal state.db-shm; : >state.db")]
    [InlineData("rm state.db*; : sqlite")]
    public async Task LostRecords_LeaveTheStoreUntouched(string loss)
    {
        await using ImageHarness harness = new();
        await ReceiveAsync(harness);
        await ImageHarness.ShellAsync($"cd '{harness.Layout.Root}'; mkdir ../backup; cp -a state.db* ../backup; {loss}");
        if (loss.Contains("sqlite", StringComparison.Ordinal))
        {
            Execute(harness, "PRAGMA journal_mode = WAL"); // somebody made a new one
        }
        string before = await ListAsync(harness);

        LayerImageException error = Assert.Throws<LayerImageException>(() => new LayerImageEngine(harness.Store.Options));

        Assert.Equal(EngineError.StoreNotSupported, error.Error);
        Assert.Contains(harness.Layout.Database, error.Message, StringComparison.Ordinal);
        Assert.Contains("backup", error.Advice, StringComparison.Ordinal);
        harness.Engine.RemoveLeftovers(); // of a session that is open
        Assert.Equal(before, await ListAsync(harness));
        await ImageHarness.ShellAsync($"cd '{harness.Layout.Root}'; rm -f state.db*; cp -a ../backup/state.db* .");
        Assert.Single(new LayerImageEngine(harness.Store.Options).Images.List());
        Assert.Empty(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full));
    }

    [Fact]
    public async Task DamagedIndex_IsToldAndWrittenAnew()
    {
        await using ImageHarness harness = new();
        await ReceiveAsync(harness);
        DamagePageOf(harness, "image_layer_diff_id");

        IntegrityIssue issue = Assert.Single(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Quick), issue => issue.Kind == IntegrityIssueKind.RecordsDamaged);
        Assert.True(issue.IsRepairable);
        StoreRepair repair = await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop);

        Assert.True(repair.IsRepaired, repair.Message);
        Assert.Empty(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full));
        Assert.Single(harness.Engine.Images.List());
    }

    [Fact]
    public async Task DamagedTable_IsToldAndLost()
    {
        await using ImageHarness harness = new();
        await ReceiveAsync(harness);
        DamagePageOf(harness, "image_layer");

        IntegrityIssue issue = Assert.Single(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Quick));
        Assert.Equal((IntegrityIssueKind.RecordsDamaged, false), (issue.Kind, issue.IsRepairable));
        StoreRepair repair = await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop);
        Assert.False(repair.IsRepaired);
        Assert.Contains("backup", repair.Message, StringComparison.Ordinal);
        Assert.NotEmpty(harness.LayerFolders());
    }

    [Fact]
    public async Task FileInTheStoresPlace_IsTold()
    {
        await using ImageHarness harness = new();
        await ImageHarness.ShellAsync($"cd '{harness.Layout.Root}'; rmdir layers; touch layers");

        LayerImageException error = Assert.Throws<LayerImageException>(() => new LayerImageEngine(harness.Store.Options));

        Assert.Equal(EngineError.StoreNotSupported, error.Error);
        Assert.Contains(harness.Layout.Layers, error.Message, StringComparison.Ordinal);
    }

    private static Task ReceiveAsync(ImageHarness harness) => harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a", "a")).WithLayer(layer => layer.File("b", "b")).Build().PushTo(harness.Registry, "some/image"));

    private static Task<string> ListAsync(ImageHarness harness) => ImageHarness.ShellAsync($"cd '{harness.Layout.Root}'; find layers content containers mounts 2>/dev/null | sort");

    private static void DamagePageOf(ImageHarness harness, string name)
    {
        Execute(harness, "PRAGMA wal_checkpoint(TRUNCATE)");
        long page = Execute(harness, $"SELECT rootpage FROM sqlite_schema WHERE name = '{name}'"), size = Execute(harness, "PRAGMA page_size");
        byte[] noise = new byte[size];
        new Random(1).NextBytes(noise);
        using FileStream file = new(harness.Layout.Database, FileMode.Open, FileAccess.Write);
        file.Position = (page - 1) * size;
        file.Write(noise);
    }

    private static long Execute(ImageHarness harness, string sql)
    {
        using SqliteConnection connection = new($"Data Source={harness.Layout.Database};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return long.TryParse(Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture), CultureInfo.InvariantCulture, out long number) ? number : 0;
    }
}
