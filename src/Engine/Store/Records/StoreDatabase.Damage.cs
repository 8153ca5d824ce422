using LayerImage.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace LayerImage.Engine.Store;

/// <summary>Records that are lost or damaged.</summary>
internal sealed partial class StoreDatabase
{
    private string Root => Path.GetDirectoryName(_path)!;

    /// <summary>Whether everything in the tables can still be read, so that <see cref="Rewrite"/> loses nothing.</summary>
    public bool CanBeRewritten()
    {
        try
        {
            return Read(transaction =>
            {
                foreach (string table in transaction.Query("SELECT name FROM sqlite_schema WHERE type = 'table'", row => row.GetString(0)))
                {
                    transaction.Query($"SELECT * FROM \"{table}\" NOT INDEXED", row => 0);
                }
                return true;
            });
        }
        catch (LayerImageException)
        {
            return false;
        }
    }

    /// <summary>Makes the indexes again from what is in the tables, and writes all anew. All of it or nothing, also while others are at work.</summary>
    /// <exception cref="LayerImageException">StoreNotSupported: a table itself is damaged.</exception>
    public void Rewrite()
    {
        lock (_writing)
        {
            CloseIdle();
            SqliteConnection? connection = null;
            try
            {
                connection = Connect(writes: true);
                RenewIndexes(connection);
                Execute(connection, "VACUUM"); // without the old indexes' pages
            }
            catch (SqliteException e)
            {
                throw Translate(e);
            }
            finally
            {
                connection?.Dispose();
            }
        }
    }

    // DROP INDEX, REINDEX and VACUUM all read the old index, and fail on its damage: it is forgotten instead.
    private void RenewIndexes(SqliteConnection connection)
    {
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        List<string> indexes = new StoreTransaction(connection, transaction, _claims).Query(
            "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", row => row.GetString(0));
        Execute(connection, "PRAGMA writable_schema = ON", transaction);
        Execute(connection, "DELETE FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", transaction);
        Execute(connection, "PRAGMA writable_schema = RESET", transaction);
        foreach (string index in indexes)
        {
            Execute(connection, index, transaction);
        }
        transaction.Commit();
    }

    private static void Execute(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    // Before SQLite makes a new database, and deletes the log of the one that is missing.
    private void ThrowIfLost()
    {
        if (!HasRecords() && HasContent() && !HasRecords()) // another process may have made both meanwhile
        {
            throw Lost("missing");
        }
    }

    private bool HasRecords() => new FileInfo(_path) is { Exists: true, Length: > 0 };

    // A store's first record comes before anything else in it.
    private bool HasContent() =>
        Kinds.Select(kind => kind.Folder).OfType<string>().Append(Path.Combine("content", "blobs", "sha256")).Append(Path.Combine("content", "blobs", "sha512"))
            .Select(folder => Path.Combine(Root, folder))
            .Any(folder => Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any(entry => Path.GetFileName(entry) != "lost+found"));

    private LayerImageException Lost(string how) =>
        new(EngineError.StoreNotSupported,
            $"The store's records ({_path}) are {how}, and the store has layers, images or containers. Nothing in it is touched.")
        {
            Target = _path,
            Advice = $"Put state.db back from a backup. Else move {Root} away, begin with an empty store and receive the images again; "
                + "what containers changed is in containers/<id>/upper.",
        };

    private LayerImageException Damaged(Exception e) =>
        new(EngineError.StoreNotSupported, $"The store's records ({_path}) are damaged, or are no records: {e.Message}", e)
        {
            Target = _path,
            Advice = "Test-LayerStore says whether Repair-LayerStore can write them anew. "
                + "Else put state.db (without state.db-wal and state.db-shm) back from a backup, "
                + $"or move {Root} away, begin with an empty store and receive the images again; what containers changed is in containers/<id>/upper.",
        };
}
