using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace LayerImage.Shell;

/// <summary>What Tab would put in place of a part of the line.</summary>
sealed record Completions(int Start, int Length, IReadOnlyList<string> Texts);

/// <summary>Asks PowerShell's own completion.</summary>
sealed class TabCompleter(Runspace runspace)
{
    internal Completions? Complete(string line, int cursor)
    {
        using PowerShell shell = PowerShell.Create();
        shell.Runspace = runspace;
        try
        {
            CommandCompletion found = CommandCompletion.CompleteInput(line, cursor, null, shell);
            return found.CompletionMatches.Count == 0
                ? null
                : new Completions(found.ReplacementIndex, found.ReplacementLength, [.. found.CompletionMatches.Select(match => match.CompletionText)]);
        }
        // A completer that fails must not take the prompt with it; the line stays as it is. During a nested prompt the runspace is busy.
        catch (Exception e) when (e is RuntimeException or InvalidOperationException)
        {
            return null;
        }
    }
}
