using System.Management.Automation;
using System.Management.Automation.Host;

namespace LayerImage.Shell;

/// <summary>
/// What a session writes to and reads from. Output goes to stdout and errors to stderr, as pwsh does it.
/// Questions are in ShellUserInterface.Questions.cs.
/// </summary>
sealed partial class ShellUserInterface : PSHostUserInterface
{
    readonly Lock _lock = new();

    bool _outputIsError;

    internal ShellUserInterface() => Progress = new ProgressDisplay(this, _lock);

    /// <summary>Escape sequences may be written: a terminal that understands them, and NO_COLOR not set.</summary>
    internal static bool HasColor { get; } = IsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>Stdout is a terminal that understands cursor movements.</summary>
    internal static bool IsTerminal => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    internal ProgressDisplay Progress { get; }

    /// <summary>Whether the last thing written here ended a line, so that a prompt can begin on a fresh one.</summary>
    internal bool AtLineStart { get; private set; } = true;

    public override PSHostRawUserInterface RawUI { get; } = new ShellRawUserInterface();

    public override bool SupportsVirtualTerminal => HasColor;

    public override void Write(string value) => WriteTo(Console.Out, value);

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) =>
        WriteTo(Console.Out, HasColor && (int)foregroundColor >= 0
            ? $"{PSStyle.MapForegroundColorToEscapeSequence(foregroundColor)}{value}{PSStyle.Instance.Reset}"
            : value);

    public override void WriteLine(string value) => WriteTo(Console.Out, value + "\n");

    public override void WriteErrorLine(string value) =>
        WriteTo(Console.Error, Styled(PSStyle.Instance.Formatting.Error, value) + "\n");

    public override void WriteWarningLine(string message) =>
        WriteLine(Styled(PSStyle.Instance.Formatting.Warning, $"WARNING: {message}"));

    public override void WriteVerboseLine(string message) =>
        WriteLine(Styled(PSStyle.Instance.Formatting.Verbose, $"VERBOSE: {message}"));

    public override void WriteDebugLine(string message) =>
        WriteLine(Styled(PSStyle.Instance.Formatting.Debug, $"DEBUG: {message}"));

    // Information records reach the host as Write and WriteLine when they are to be shown.
    public override void WriteInformation(InformationRecord record)
    {
    }

    public override void WriteProgress(long sourceId, ProgressRecord record) => Progress.Update(sourceId, record);

    /// <summary>Writes to the terminal past the progress lines; only <see cref="ProgressDisplay"/> does so.</summary>
    internal void WriteProgressText(string text) => Console.Out.Write(text);

    /// <summary>What is written inside <paramref name="action"/> is the display of an error: it goes to stderr.</summary>
    internal void AsError(Action action)
    {
        _outputIsError = true;
        try
        {
            action();
        }
        finally
        {
            _outputIsError = false;
        }
    }

    void WriteTo(TextWriter writer, string value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return;
        }
        lock (_lock)
        {
            Progress.Clear();
            bool toError = _outputIsError || writer == Console.Error;
            // The engine formats with colours and leaves it to the host to take them out.
            (toError ? Console.Error : writer).Write(GetOutputString(value, HasColor && !(toError && Console.IsErrorRedirected)));
            AtLineStart = value[^1] == '\n';
        }
    }

    static string Styled(string style, string text) => HasColor ? $"{style}{text}{PSStyle.Instance.Reset}" : text;
}
