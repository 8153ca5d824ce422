using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Base;

/// <summary>Options of a new container: what its program gets, and how it ends.</summary>
public abstract class ProgramOptionsCommand : PlaceOptionsCommand
{
    /// <summary>In place of the image's entry point; '' takes it away.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [AllowEmptyString]
    public string[]? Entrypoint { get; set; }

    /// <summary>Environment: 'NAME=value' or a hashtable.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [NameValueTransformation]
    [Alias("e")]
    public string[] Environment { get; set; } = [];

    /// <summary>Where the program starts.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [Alias("w")]
    public string? WorkingDirectory { get; set; }

    /// <summary>User or uid, with an optional group: 'www-data', '1000:1000'.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [Alias("u")]
    public string? User { get; set; }

    /// <summary>Further groups of the user, by name or number.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ValidateNotNullOrEmpty]
    public string[] GroupAdd { get; set; } = [];

    /// <summary>The container's name for itself.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [Alias("h")]
    public string? Hostname { get; set; }

    /// <summary>Labels: 'key=value' or a hashtable.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [NameValueTransformation]
    public string[] Label { get; set; } = [];

    /// <summary>The signal that asks the program to stop.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string? StopSignal { get; set; }

    /// <summary>Seconds (or a TimeSpan, or '1m') that it has to stop before it is killed; -1 for ever.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [DurationTransformation(TakesForever = true)]
    public TimeSpan? StopTimeout { get; set; }

    /// <summary>Run the program under a small init that reaps its children and passes signals on.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter Init { get; set; }

    /// <summary>Remove the container when it ends.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter Remove { get; set; }

    /// <summary>Keep standard input open for who attaches.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [Alias("i")]
    public SwitchParameter Interactive { get; set; }

    /// <summary>A terminal.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [Alias("t")]
    public SwitchParameter Tty { get; set; }

    /// <inheritdoc/>
    private protected override ContainerRequest Ask(ContainerRequest request) => base.Ask(request) with
    {
        Entrypoint = Entrypoint,
        Environment = Environment,
        WorkingDirectory = WorkingDirectory,
        User = User,
        GroupAdd = GroupAdd,
        Hostname = Hostname,
        Labels = ParseLabels(),
        StopSignal = StopSignal,
        StopTimeout = StopTimeout,
        Init = Init,
        AutoRemove = Remove,
        Interactive = Interactive,
        Terminal = Tty,
    };

    private Dictionary<string, string> ParseLabels()
    {
        Dictionary<string, string> labels = [];
        foreach (string label in Label)
        {
            string[] parts = label.Split('=', 2);
            if (parts[0].Length == 0)
            {
                throw new LayerImageException(EngineError.ParameterInvalid, $"The label '{label}' has no key.") { Target = label, Advice = "Write -Label key=value." };
            }
            labels[parts[0]] = parts.ElementAtOrDefault(1) ?? "";
        }
        return labels;
    }
}
