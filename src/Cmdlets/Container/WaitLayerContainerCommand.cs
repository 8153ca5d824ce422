using System.Management.Automation;
using System.Text.RegularExpressions;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Commands;

/// <summary>What a container is waited for.</summary>
public enum ContainerWaitCondition
{
    /// <summary>Its program has ended.</summary>
    Stopped,
    /// <summary>Its program runs.</summary>
    Running,
    /// <summary>It accepts TCP connections on a port.</summary>
    PortOpen,
    /// <summary>A line of its output matches.</summary>
    LogMatch,
}

/// <summary>Waits for containers: until they have ended, run, accept connections, or have written a line.</summary>
[Cmdlet(VerbsLifecycle.Wait, "LayerContainer", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(Container))]
public sealed class WaitLayerContainerCommand : ContainerCommand
{
    /// <summary>What to wait for; Exited, as a container's state says it, is another word for Stopped.</summary>
    [Parameter]
    [OtherWordTransformation("Exited", nameof(ContainerWaitCondition.Stopped))]
    public ContainerWaitCondition Condition { get; set; }

    /// <summary>With PortOpen the container's port; its first published or exposed one when it is left out.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int? Port { get; set; }

    /// <summary>With LogMatch a regular expression for a line.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Pattern { get; set; }

    /// <summary>Seconds to wait, or a TimeSpan, or '5m'; for ever when it is left out.</summary>
    [Parameter]
    [DurationTransformation(TakesForever = true)]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        Container? reached = Condition switch
        {
            ContainerWaitCondition.Running => await Engine.Containers.Waits.ForRunningAsync(container.Id, Timeout, cancellationToken),
            ContainerWaitCondition.PortOpen => await Engine.Containers.Waits.ForPortAsync(container.Id, Port, Timeout, cancellationToken),
            ContainerWaitCondition.LogMatch => await Engine.Containers.Waits.ForLogAsync(container.Id, ParsePattern(), Timeout, cancellationToken),
            _ => await Engine.Containers.Waits.ForStopAsync(container.Id, Timeout, cancellationToken),
        };
        if (reached is not null)
        {
            WriteObject(reached);
        }
    }

    private Regex ParsePattern()
    {
        try
        {
            return new Regex(Pattern ?? throw new LayerImageException(EngineError.ParameterInvalid, "-Condition LogMatch needs a -Pattern.") { Advice = "Give a regular expression for a line, such as -Pattern 'ready'." }, RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1));
        }
        catch (RegexParseException e)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"'{Pattern}' is not a regular expression: {e.Message}", e)
            { Target = Pattern, Advice = "For plain text escape it: -Pattern ([regex]::Escape('[ready]'))" };
        }
    }
}
