using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Runtime;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Reads what containers wrote, as records.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerLog", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(ContainerLogRecord))]
public sealed class GetContainerLogCommand : ContainerCommand
{
    /// <summary>Wait for what is still to come, until the container ends.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <summary>Only the last lines.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Only from this time on: a date, or how long ago ('10m').</summary>
    [Parameter]
    [PointInTimeTransformation]
    [ValidateNotNull]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Only up to this time: a date, or how long ago ('10m').</summary>
    [Parameter]
    [PointInTimeTransformation]
    [ValidateNotNull]
    public DateTimeOffset? Until { get; set; }

    /// <summary>Only standard output or standard error.</summary>
    [Parameter]
    public LogStream? Stream { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        await foreach (LogRecord line in Engine.Containers.Logs.ReadAsync(container.Id, Tail, Since, Until, Stream, Follow, cancellationToken))
        {
            WriteObject(new ContainerLogRecord { Timestamp = line.Timestamp, Stream = line.Stream, Message = line.Message, ContainerName = container.Name });
        }
    }
}

/// <summary>A line that a container wrote.</summary>
public sealed class ContainerLogRecord
{
    /// <summary>When.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>To which stream.</summary>
    public required LogStream Stream { get; init; }

    /// <summary>The line.</summary>
    public required string Message { get; init; }

    /// <summary>The container.</summary>
    public required string ContainerName { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Message;
}
