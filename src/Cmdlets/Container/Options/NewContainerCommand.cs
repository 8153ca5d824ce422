using System.Management.Automation;
using System.Management.Automation.Language;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Base;

/// <summary>The parameters that describe a new container, for New- and Start-LayerContainer: of which image, what it runs, and all options.</summary>
public abstract class NewContainerCommand : ProgramOptionsCommand
{
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

    /// <summary>When to ask the registry for the image.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = ImageObjectSet)]
    public PullPolicy PullPolicy { get; set; } = PullPolicy.Missing;

    /// <summary>Catches loose words, to say what to do with them.</summary>
    [Parameter(ValueFromRemainingArguments = true, DontShow = true, ParameterSetName = ImageSet)]
    public object[] LooseWords { get; set; } = [];

    /// <summary>
    /// docker's -d, which is what happens anyway, and -it; and catches the short options of commands that are no parameter here
    /// and would be the beginning of one: uname -a, sh -c, ls -la.
    /// </summary>
    [Alias("a", "b", "c", "d", "f", "g", "it", "k", "l", "la", "lr", "n", "o", "r", "s", "ti", "x")]
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
    /// <exception cref="LayerImageException">The text of an option cannot be read.</exception>
    protected ContainerRequest Request() => Ask(new ContainerRequest
    {
        Image = ImageObject?.Reference ?? Image,
        Name = NewName,
        Command = Command,
        PullPolicy = PullPolicy,
    });
}
