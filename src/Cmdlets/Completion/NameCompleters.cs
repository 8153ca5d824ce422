using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Completion;

/// <summary>The base of the completers: reads the store, quotes what needs it, and never throws.</summary>
public abstract class NameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters)
    {
        try
        {
            string word = wordToComplete.Trim('\'', '"');
            WildcardPattern pattern = new(WildcardPattern.Escape(word) + "*", WildcardOptions.IgnoreCase);
            return [.. Candidates(fakeBoundParameters)
                .Where(candidate => pattern.IsMatch(candidate.Text))
                .Select(candidate => new CompletionResult(Quote(candidate.Text), candidate.Text, CompletionResultType.ParameterValue, candidate.ToolTip))];
        }
        catch (Exception)
        {
            return []; // no completion is better than an error under the user's cursor
        }
    }

    /// <summary>What there is, with a tip for each.</summary>
    /// <param name="bound">What the line says already, by parameter.</param>
    protected abstract IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound);

    private static string Quote(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '/' or '=')
        ? text
        : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
}

/// <summary>Completes names of containers.</summary>
public sealed class ContainerNameCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound)
    {
        foreach (Container container in Task.Run(() => EngineSession.Get((string?)null).Containers.ListAsync(CancellationToken.None)).GetAwaiter().GetResult())
        {
            yield return (container.Name, $"{container.Image}, {container.State}");
        }
    }
}

/// <summary>Completes references of images.</summary>
public sealed class ImageReferenceCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound)
    {
        // Names only: a completer answers at once, however many images there are.
        foreach (string tag in EngineSession.Get((string?)null).Images.ListTags())
        {
            yield return (tag, tag);
        }
    }
}

/// <summary>Completes paths where unions are mounted.</summary>
public sealed class UnionMountCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        EngineSession.Get((string?)null).Mounts.List().Select(mount => (mount.Merged, mount.Reference ?? string.Join(", ", mount.LowerDirs)));
}

/// <summary>Completes registries with a log-in.</summary>
public sealed class RegistryCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        EngineSession.Get((string?)null).Registries.Names().Select(name => (name, $"log-in at {name}"));
}
