using System.Globalization;
using Microsoft.Data.Sqlite;

namespace LayerImage.Engine.Store;

/// <summary>SQL inside one transaction. Parameters are positional: ?1, ?2 …</summary>
internal sealed class StoreTransaction(SqliteConnection connection, SqliteTransaction transaction, ClaimQueries claims)
{
    private readonly Stack<Action> _undo = [];

    /// <summary>Who needs what in this store: see <see cref="Reachability"/>.</summary>
    public ClaimQueries Claims => claims;

    /// <summary>Runs a statement; the number of rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        using SqliteCommand command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first column of the first row, or the default when there is none.</summary>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> values)
    {
        using SqliteCommand command = Command(sql, values);
        return command.ExecuteScalar() is object value and not DBNull ? (T)value : default;
    }

    /// <summary>All rows, each made into an object.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> make, params ReadOnlySpan<object?> values)
    {
        using SqliteCommand command = Command(sql, values);
        using SqliteDataReader reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(make(reader));
        }
        return rows;
    }

    /// <summary>What SQLite's own check finds wrong, at most ten things.</summary>
    public List<string> FindDamage()
    {
        List<string> lines = Query("PRAGMA quick_check(10)", row => row.GetString(0));
        return lines.FindAll(line => line != "ok");
    }

    /// <summary>
    /// What undoes something outside the records if they are not committed after all: the disk was full at the commit, say.
    /// It runs after the roll-back, in the reverse order, and must not fail.
    /// </summary>
    public void IfUndone(Action undo) => _undo.Push(undo);

    internal void Undo()
    {
        while (_undo.TryPop(out Action? undo))
        {
            undo();
        }
    }

    private SqliteCommand Command(string sql, ReadOnlySpan<object?> values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue("?" + (i + 1).ToString(CultureInfo.InvariantCulture), values[i] ?? DBNull.Value);
        }
        return command;
    }
}

/// <summary>Reads columns that may be null and times, which are stored as milliseconds since 1970.</summary>
internal static class ReaderExtensions
{
    public static string? Text(this SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static long? Long(this SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

    public static DateTimeOffset? Time(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));
}
