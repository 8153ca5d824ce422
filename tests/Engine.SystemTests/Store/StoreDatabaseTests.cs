using LayerImage.Engine.Store;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>The file of the store's records, which is opened for a transaction and closed after it.</summary>
public sealed class StoreDatabaseTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string File => _folder["state.db"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Log_StaysShort_WhenNobodyKeepsTheDatabaseOpen()
    {
        StoreDatabase database = StoreDatabase.Open(File);

        for (int i = 0; i < 200; i++)
        {
            int number = i;
            database.Write(transaction => transaction.Execute("INSERT INTO blob (digest, size) VALUES (?1, 1)", $"{number}{new string('x', 20_000)}"));
        }

        Assert.InRange(new FileInfo(File + "-wal").Length, 0, 1 << 20);
        Assert.Equal(200, database.Read(transaction => transaction.Scalar<long>("SELECT count(*) FROM blob")));
    }

    [Fact]
    public void Log_IsWritten_WhileAnotherReads()
    {
        StoreDatabase database = StoreDatabase.Open(File);

        database.Read(reading =>
        {
            for (int i = 0; i < 60; i++)
            {
                int number = i;
                database.Write(transaction => transaction.Execute("INSERT INTO blob (digest, size) VALUES (?1, 1)", $"{number}{new string('x', 20_000)}"));
            }
            return 0;
        });

        Assert.Equal(60, database.Read(transaction => transaction.Scalar<long>("SELECT count(*) FROM blob")));
    }

    [Fact]
    public void KeepOpen_HoldsTheFileForAsLongAsItLives()
    {
        StoreDatabase database = StoreDatabase.Open(File);

        int before = CountOpen(), during;
        using (database.KeepOpen())
        {
            Parallel.For(0, 20, _ => database.Read(transaction => transaction.Scalar<long>("SELECT count(*) FROM blob")));
            during = CountOpen();
        }

        Assert.Equal((0, true, 0), (before, during > 0, CountOpen()));
    }

    [Fact]
    public void KeepOpen_UndoesAFailedTransaction()
    {
        StoreDatabase database = StoreDatabase.Open(File);
        using IDisposable open = database.KeepOpen();

        Assert.Throws<InvalidOperationException>(() => database.Write(transaction =>
        {
            transaction.Execute("INSERT INTO blob (digest, size) VALUES ('a', 1)");
            throw new InvalidOperationException();
        }));
        database.Write(transaction => transaction.Execute("INSERT INTO blob (digest, size) VALUES ('b', 1)"));

        Assert.Equal("b", database.Read(transaction => transaction.Scalar<string>("SELECT group_concat(digest) FROM blob")));
    }

    private int CountOpen() => Directory.EnumerateFiles("/proc/self/fd").Count(fd => TargetOf(fd) == File);

    // Other tests of this process open and close files meanwhile.
    private static string? TargetOf(string fd)
    {
        try
        {
            return System.IO.File.ResolveLinkTarget(fd, returnFinalTarget: false)?.FullName;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
