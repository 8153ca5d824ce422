using System.Runtime.CompilerServices;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>What containers wrote to their outputs.</summary>
public sealed class ContainerLogs
{
    private readonly StoreLayout _layout;
    private readonly ContainerRecords _records;
    private readonly ContainerHosts _hosts;

    internal ContainerLogs(StoreLayout layout, ContainerRecords records, ContainerHosts hosts) => (_layout, _records, _hosts) = (layout, records, hosts);

    /// <summary>What a container wrote, as records.</summary>
    /// <param name="nameOrId">The container.</param>
    /// <param name="tail">Only so many lines, the last ones; null for all.</param>
    /// <param name="since">Only from this time on.</param>
    /// <param name="until">Only up to this time.</param>
    /// <param name="stream">Only of this output; null for both.</param>
    /// <param name="follow">Whether to go on until the container ends.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<LogRecord> ReadAsync(
        string nameOrId, int? tail, DateTimeOffset? since, DateTimeOffset? until, LogStream? stream, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ContainerRecord record = _records.Get(nameOrId);
        LogReadOptions options = new()
        {
            Tail = tail,
            Since = since,
            Until = until,
            Stream = stream,
            HasEnded = follow ? () => _hosts.HasEnded(record) : null,
        };
        if (!File.Exists(_layout.Log(record.Id)))
        {
            yield break; // It has not been started yet.
        }
        await foreach (LogRecord line in ContainerLogReader.ReadAsync(_layout.Log(record.Id), options, cancellationToken).ConfigureAwait(false))
        {
            yield return line;
        }
    }
}
