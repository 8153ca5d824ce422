using System.Management.Automation;
using System.Management.Automation.Language;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Base;

/// <summary>The parameters that describe a new container, for New- and Start-LayerContainer.</summary>
public abstract class NewContainerCommand : ContainerSelectionCommand
{
    /// <summary>The set of parameters with -Image.</summary>
    protected const string ImageSet = "Image";

    /// <summary>The set of parameters with a piped image.</summary>
    protected const string ImageObjectSet = "ImageObject";

    /// <summary>The image's reference or id; it is received when it is not here.</summary>
    // Not mandatory: PowerShell would ask for it where another parameter was misspelt, and not say so.
    [Parameter(Position = 0, ParameterSetName = ImageSet)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    /// <summary>An image from the pipeline.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ImageObjectSet)]
    [ImageTransformation]
    public Image? ImageObject { get; set; }

    /// <summary>The command: one string for the image's shell, several strings to execute as they are.</summary>
    [Parameter(Position = 1, ParameterSetName = ImageSet)]
    [Parameter(Position = 1, ParameterSetName = ImageObjectSet)]
    public string[]? Command { get; set; }

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

    /// <summary>Ports to publish, in docker's syntax: '8081:8080', '127.0.0.1::80', '53:53/udp'.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(PublishCompleter))]
    [Alias("p")]
    public string[] Publish { get; set; } = [];

    /// <summary>Publish every exposed port at a random host port.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter PublishAll { get; set; }

    /// <summary>Open the published ports in the host's firewall while the container runs.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter OpenHostPort { get; set; }

    /// <summary>Bind mounts: '/host:/container[:ro,rslave]'.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [Alias("v")]
    public string[] Volume { get; set; } = [];

    /// <summary>The network: bridge, host or none.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ValidateSet("bridge", "host", "none")]
    public string Network { get; set; } = "bridge";

    /// <summary>Memory limit: '512m', 512mb; 0 is none.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ByteSizeTransformation]
    [Alias("m")]
    public long? Memory { get; set; }

    /// <summary>Processors: 1.5.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public decimal? Cpu { get; set; }

    /// <summary>The most processes; 0 and -1 are no limit.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public long? PidsLimit { get; set; }

    /// <summary>A read-only root file system.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Capabilities to add: NET_ADMIN, ALL.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] CapAdd { get; set; } = [];

    /// <summary>Capabilities to take away.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    public string[] CapDrop { get; set; } = [];

    /// <summary>All capabilities, no seccomp, no masked paths.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public SwitchParameter Privileged { get; set; }

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

    /// <summary>When to ask the registry for the image.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public PullPolicy PullPolicy { get; set; } = PullPolicy.Missing;

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

    /// <summary>Catches loose words, to say what to do with them.</summary>
    [Parameter(ValueFromRemainingArguments = true, DontShow = true, ParameterSetName = ImageSet)]
    public object[] LooseWords { get; set; } = [];

    /// <summary>
    /// docker's -d, which is what happens anyway, and -it; and catches the short options of commands that are no parameter here
    /// and would be the beginning of one: uname -a, sh -c, ls -la.
    /// </summary>
    [Alias("a", "b", "c", "d", "f", "it", "k", "l", "la", "lr", "n", "o", "r", "s", "ti", "x")]
    [Parameter(DontShow = true, ParameterSetName = ImageSet)]
    [Parameter(DontShow = true, ParameterSetName = ImageObjectSet)]
    public SwitchParameter ShortOption { get; set; }

    /// <summary>The container's name, when one was given.</summary>
    protected abstract string? NewName { get; }

    /// <summary>Refuses words that belong to no parameter, and takes what docker's short options say.</summary>
    protected void CheckWords()
    {
        CommandWords.Check(TypedLine, ImageObject is null ? 1 : 0, LooseWords, "d", "it", "ti");
        (Command, LooseWords) = (CommandWords.Join(TypedLine, Command, LooseWords), []);
        if (ShortOption && TypedLine?.Words.Any(word => word is CommandParameterAst { ParameterName: var name } && name.Length == 2) == true)
        {
            (Interactive, Tty) = (true, true);
        }
        if (ImageObject is null && Image.Length == 0)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "No image was given.") { Target = nameof(Image), Advice = "Give its reference first, or pipe an image: Get-LayerImage tomcat | " + MyInvocation.MyCommand.Name };
        }
    }

    /// <summary>What the user asks for.</summary>
    protected ContainerRequest Request()
    {
        return new()
        {
            Image = ImageObject?.Reference ?? Image,
            Name = NewName,
            Command = Command,
            Entrypoint = Entrypoint,
            Environment = Environment,
            WorkingDirectory = WorkingDirectory,
            User = User,
            Hostname = Hostname,
            Labels = ParseLabels(),
            Publish = Publish,
            PublishAll = PublishAll,
            OpenHostPort = OpenHostPort,
            Volumes = [.. JoinOptions(Volume).Select(ResolveVolume)],
            Network = Network.ToLowerInvariant(),
            Memory = Memory,
            Cpu = Cpu,
            PidsLimit = PidsLimit,
            ReadOnly = ReadOnly,
            CapAdd = CapAdd,
            CapDrop = CapDrop,
            Privileged = Privileged,
            StopSignal = StopSignal,
            StopTimeout = StopTimeout,
            PullPolicy = PullPolicy,
            AutoRemove = Remove,
            Interactive = Interactive,
            Terminal = Tty,
        };
    }

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

    // PowerShell takes the comma of '/a:/b:ro,z' for a list's. No volume is called as an option is.
    private static List<string> JoinOptions(string[] volumes)
    {
        List<string> joined = [];
        foreach (string volume in volumes)
        {
            if (joined.Count > 0 && joined[^1].Count(c => c == ':') == 2 && RequestVocabulary.VolumeOptions.Contains(volume))
            {
                joined[^1] += "," + volume;
            }
            else
            {
                joined.Add(volume);
            }
        }
        return joined;
    }

    // A relative source is relative to the session's location, which is not the process's.
    private string ResolveVolume(string volume) => volume.StartsWith('.') && volume.IndexOf(':', StringComparison.Ordinal) is int colon and > 0
        ? ResolvePath(volume[..colon]) + volume[colon..]
        : volume;
}
