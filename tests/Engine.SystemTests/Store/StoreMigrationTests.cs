using LayerImage.Engine.Store;
using LayerImage.Testing.Host;
using Microsoft.Data.Sqlite;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>A store of each earlier version is brought up to this one, with all that is in it.</summary>
public sealed class StoreMigrationTests
{
    public static TheoryData<int> EarlierVersions => [.. Enumerable.Range(1, StoreDatabase.Version - 1)];

    [Theory]
    [MemberData(nameof(EarlierVersions))]
    public void EarlierVersion_KeepsItsContainers(int version)
    {
        using TempStore store = new();
        StoreLayout layout = new(store.Options);
        Directory.CreateDirectory(store.Options.Root);
        using (SqliteConnection connection = new($"Data Source={layout.Database};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = string.Join('\n', StoreSchema.Steps.Take(version))
                + $"\nPRAGMA user_version = {version}; INSERT INTO container (id, name, image, created, spec, state) VALUES ('{new string('a', 64)}', 'old', 'sha256:{new string('b', 64)}', 1, '{{}}', 'Exited');";
            command.ExecuteNonQuery();
        }

        StoreDatabase database = StoreDatabase.Open(layout.Database);

        Assert.Equal(StoreDatabase.Version, database.Read(transaction => transaction.Scalar<long>("PRAGMA user_version")));
        Assert.Equal(("old", null), database.Read(transaction => transaction.Query("SELECT name, run FROM container", row => (row.GetString(0), row.Text(1)))).Single());
    }
}
