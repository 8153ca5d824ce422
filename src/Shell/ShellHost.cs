using System.Globalization;
using System.Management.Automation.Host;
using System.Reflection;

namespace LayerImage.Shell;

/// <summary>What PowerShell's engine sees of the program around it.</summary>
sealed class ShellHost(ShellUserInterface userInterface) : PSHost
{
    /// <summary>The code that <c>exit</c> gave, or null while the Shell goes on.</summary>
    internal int? ExitCode { get; private set; }

    /// <summary>Runs a nested prompt until its <c>exit</c>; set by the interactive loop, the only place that has one.</summary>
    internal Action? NestedPrompt { get; set; }

    /// <summary>True once the innermost nested prompt was told to end.</summary>
    internal bool NestedExitRequested { get; set; }

    internal ShellUserInterface Screen => userInterface;

    public override string Name => "LayerImage.Shell";

    public override Version Version { get; } = Assembly.GetExecutingAssembly().GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => userInterface;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode)
    {
        ExitCode = exitCode;
        NestedExitRequested = true;
    }

    public override void EnterNestedPrompt()
    {
        if (NestedPrompt is null)
        {
            throw new NotSupportedException("A nested prompt needs an interactive session.");
        }
        NestedPrompt();
    }

    public override void ExitNestedPrompt() => NestedExitRequested = true;

    public override void NotifyBeginApplication()
    {
        // A native program is about to write to the terminal itself.
        userInterface.Progress.Clear();
    }

    public override void NotifyEndApplication()
    {
    }
}
