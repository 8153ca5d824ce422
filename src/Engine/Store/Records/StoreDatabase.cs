using System.Collections.Concurrent;
using LayerImage.Engine.Errors;
using Microsoft.Data.Sqlite;

namespace LayerImage.Engine.Store;

/// <summary>
/// The store's records, in SQLite: the truth about what exists. Any number of processes use it at once; a
/// transaction is short and takes the write lock at its beginning, so that two of them never deadlock.
/// </summary>
internal sealed partial class StoreDatabase
{
    /// <summary>The version of the tables. A store with a larger one is refused.</summary>
    public static int Version => StoreSchema.Steps.Count;

    private const int BusyTimeoutSeconds = 30;
    private const int FullDiskTimeoutSeconds = 2;
    private const int NoCheckpointOnClose = 1006; // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, sqlite3.h
    private const long LongestLog = 512 << 10;
    private const int CannotOpen = 14; // SQLITE_CANTOPEN, sqlite3.h
    private readonly string _path;
    private readonly string _connectionString;
    private readonly ConcurrentBag<SqliteConnection> _idle = [];
    private readonly Lock _writing = new(); // writers of this process queue here; SQLite's own would sleep and try again
    private readonly ClaimQueries _claims;
    private int _keepers;

    private StoreDatabase(string path, ClaimQueries claims)
    {
        (_path, _claims) = (path, claims);
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            DefaultTimeout = BusyTimeoutSeconds,
            // A pooled connection would keep the file open for as long as the session lives, and the store's file system busy.
            Pooling = false,
        }.ToString();
    }

    /// <summary>Opens the database, making it when it is not there.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="claims">Who needs what; without it, as the list of kinds says.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.StoreNotSupported"/>: a newer version wrote it, or it is lost or damaged.</exception>
    public static StoreDatabase Open(string path, ClaimQueries? claims = null)
    {
        StoreDatabase database = new(path, claims ?? ClaimQueries.Standard);
        database.ThrowIfLost();
        long found = database.Read(transaction => transaction.Scalar<long>("PRAGMA user_version"));
        if (found > Version)
        {
            throw new LayerImageException(EngineError.StoreNotSupported, $"The store has version {found}; this LayerImage knows up to {Version}.")
            {
                Target = path,
                Advice = "Use the newer LayerImage that made it, or point $LAYERIMAGE_ROOT to another folder.",
            };
        }
        if (found < Version)
        {
            database.Write(transaction =>
            {
                // Another process may have been first.
                int version = (int)transaction.Scalar<long>("PRAGMA user_version");
                if (version == 0 && database.HasContent())
                {
                    throw database.Lost("empty");
                }
                for (; version < Version; version++)
                {
                    transaction.Execute(StoreSchema.Steps[version]);
                    transaction.Execute($"PRAGMA user_version = {version + 1}");
                }
            });
        }
        return database;
    }

    /// <summary>The kinds of things that the store has.</summary>
    public IReadOnlyList<StoreKind> Kinds => _claims.Kinds;

    /// <summary>
    /// Keeps the database open until the result is disposed, for work of several transactions: these use the same few
    /// connections then. Whoever opens it while nobody else has it open reads all of the log first, which takes 2 ms.
    /// </summary>
    public IDisposable KeepOpen()
    {
        Interlocked.Increment(ref _keepers);
        return new Keeper(this);
    }

    /// <summary>Runs a reading transaction: one consistent view.</summary>
    public T Read<T>(Func<StoreTransaction, T> body) => Run(body, writes: false);

    /// <summary>Runs a writing transaction: all of it, durably, or nothing. Without <paramref name="commit"/> it is only tried.</summary>
    public T Write<T>(Func<StoreTransaction, T> body, bool commit = true)
    {
        lock (_writing)
        {
            return Run(body, writes: true, commit);
        }
    }

    /// <summary>Runs a writing transaction: all of it, durably, or nothing.</summary>
    public void Write(Action<StoreTransaction> body) => Write(transaction =>
    {
        body(transaction);
        return 0;
    });

    private T Run<T>(Func<StoreTransaction, T> body, bool writes, bool commit = true)
    {
        SqliteConnection? connection = null;
        StoreTransaction? open = null;
        try
        {
            connection = _idle.TryTake(out SqliteConnection? idle) ? idle : Connect(writes);
            T result;
            using (SqliteTransaction transaction = connection.BeginTransaction(deferred: !writes))
            {
                open = new StoreTransaction(connection, transaction, _claims);
                result = body(open);
                if (commit)
                {
                    transaction.Commit();
                    open = null;
                }
            }
            if (writes)
            {
                ShortenLog(connection);
            }
            return result;
        }
        catch (SqliteException e)
        {
            connection?.Dispose();
            connection = null;
            throw Translate(e);
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException or InvalidCastException or OverflowException or ArgumentException)
        {
            // A record says what no record says: a bit of the disk is another.
            throw Damaged(e);
        }
        finally
        {
            GiveBack(connection);
            open?.Undo();
        }
    }

    // SQLite begins the log anew only if who checkpointed it still has it open; with connections as short as these it would
    // grow for ever, and be read whole by each that opens the database. Where others are reading, the next one's turn.
    private void ShortenLog(SqliteConnection connection)
    {
        if (new FileInfo(_path + "-wal") is { Exists: true, Length: > LongestLog })
        {
            // Whatever it answers: what was written is in the log, and safe. A full disk, say, has no room for more.
            _ = SQLitePCL.raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", SQLitePCL.raw.SQLITE_CHECKPOINT_TRUNCATE, out _, out _);
        }
    }

    private void GiveBack(SqliteConnection? connection)
    {
        // One to a read-only file system cannot write: see Connect.
        if (_keepers == 0 || connection?.ConnectionString != _connectionString)
        {
            connection?.Dispose();
            return;
        }
        _idle.Add(connection);
        if (Volatile.Read(ref _keepers) == 0)
        {
            CloseIdle();
        }
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out SqliteConnection? connection))
        {
            connection.Dispose();
        }
    }

    private SqliteConnection Connect(bool writes)
    {
        SqliteConnection connection = new(_connectionString);
        try
        {
            connection.Open();
            Prepare(connection);
            return connection;
        }
        catch (SqliteException e) when (!writes && e.SqliteErrorCode == CannotOpen && IsAtRest)
        {
            // A file system that is mounted read-only has no room for the log's index; without a log none is needed.
            connection.Dispose();
            connection = new SqliteConnection(
                $"Data Source=file:{Uri.EscapeDataString(_path).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1;Mode=ReadOnly;Pooling=False");
            connection.Open();
            return connection;
        }
        catch (SqliteException e) when (!writes && IsFull(e))
        {
            // Not even the log's index fits on the disk. Who has the records for himself keeps it in memory.
            connection.Dispose();
            connection = new SqliteConnection($"{_connectionString};Default Timeout={FullDiskTimeoutSeconds}");
            connection.Open();
            Prepare(connection, "PRAGMA locking_mode = EXCLUSIVE;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private bool IsAtRest => File.Exists(_path) && (!File.Exists(_path + "-wal") || new FileInfo(_path + "-wal").Length == 0);

    private static bool IsFull(SqliteException e) => e.SqliteErrorCode == 13 || (e.SqliteErrorCode == 10 && e.SqliteExtendedErrorCode is 778 or 1034 or 4874);

    private static void Prepare(SqliteConnection connection, string first = "")
    {
        // Closing the last connection would else write the log back and wait for the disk, after every transaction.
        _ = SQLitePCL.raw.sqlite3_db_config(connection.Handle, NoCheckpointOnClose, 1, out _);
        // SQLite waits for another process a millisecond first, then longer; the provider alone, 150 each time.
        _ = SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle, connection.DefaultTimeout * 1000);
        using SqliteCommand command = connection.CreateCommand();
        // WAL: readers and one writer side by side. FULL: a committed record survives a power cut.
        command.CommandText = first + "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
        command.ExecuteNonQuery();
    }

    private LayerImageException Translate(SqliteException e) => e.SqliteErrorCode switch
    {
        5 or 6 => new LayerImageException(EngineError.StoreLocked, "Another process kept the store's records locked for too long.", e)
        { Advice = "Try again; if it stays so, look for a LayerImage process that hangs." },
        _ when IsFull(e) => new LayerImageException(EngineError.DiskFull, "The disk that holds the store is full.", e)
        { Advice = "Free some space, or move the store with $LAYERIMAGE_ROOT." },
        8 or 14 or 23 => new LayerImageException(EngineError.NotPrivileged, $"The store's records cannot be opened for writing: {e.Message}", e)
        { Advice = "Run as root, or use a store of your own: set $LAYERIMAGE_ROOT. If its file system is mounted read-only, mount it read-write." },
        11 or 26 => Damaged(e),
        _ => new LayerImageException(EngineError.SystemCallFailed, $"The store's records cannot be used: {e.Message}", e),
    };

    private sealed class Keeper(StoreDatabase database) : IDisposable
    {
        private StoreDatabase? _database = database;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _database, null) is StoreDatabase kept && Interlocked.Decrement(ref kept._keepers) == 0)
            {
                kept.CloseIdle();
            }
        }
    }
}
