using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;
using Xunit;

namespace LayerImage.Module.Tests;

/// <summary>What the documents show is what the module has.</summary>
public sealed partial class DocumentationTests(ModuleHost host) : IClassFixture<ModuleHost>
{
    public static TheoryData<string> WithSamples =>
        ["README.md", "en-US/about_LayerImage.help.txt", "en-US/about_LayerImage_Store.help.txt", "en-US/about_LayerImage_Ports.help.txt", "en-US/about_LayerImage_Registries.help.txt"];

    [Theory]
    [MemberData(nameof(WithSamples))]
    public void Samples_UseWhatThereIs(string document)
    {
        CommandAst[] commands = [.. Samples(document).SelectMany(Commands)];

        Assert.NotEmpty(commands);
        Assert.All(commands, command =>
        {
            ModuleResult found = host.Invoke("Get-Command -Name $name -ErrorAction Stop", ("name", command.GetCommandName()));
            Assert.True(found.TerminatingError is null, $"There is no {command.GetCommandName()}: {command}");
            IDictionary<string, ParameterMetadata> parameters = ((CommandInfo)Assert.Single(found.Output).BaseObject).Parameters;
            Assert.All(command.CommandElements.OfType<CommandParameterAst>(), parameter => Assert.Contains(parameter.ParameterName, parameters.Keys, StringComparer.OrdinalIgnoreCase));
        });
    }

    [Fact]
    public void Readme_ListsExactlyTheCmdlets()
    {
        IEnumerable<string> exported = host.Invoke("Get-Command -Module LayerImage -CommandType Cmdlet | ForEach-Object Name").Output.Select(name => name.ToString());
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        string table = readme[readme.IndexOf("## Cmdlets", StringComparison.Ordinal)..readme.IndexOf("## What it cannot do yet", StringComparison.Ordinal)];

        Assert.Equal(exported.Order(StringComparer.Ordinal), Code().Matches(table).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_LeadToFiles()
    {
        string[] documents = [.. Directory.GetFiles(Repository.Root, "*.md"), .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories),
            .. Directory.GetFiles(Path.Combine(Repository.Root, "benchmarks"), "*.md")];

        Assert.All(documents, document => Assert.All(Link().Matches(File.ReadAllText(document)).Select(match => match.Groups[1].Value), link =>
            Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(document)!, link)), $"{document} links to {link}, which does not exist.")));
    }

    /// <summary>A fenced block of Markdown, or the lines of a help text that begin with a prompt.</summary>
    static IEnumerable<string> Samples(string document)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, document));
        return (document.EndsWith(".md", StringComparison.Ordinal) ? Fence() : Prompt()).Matches(text).Select(match => match.Groups[1].Value);
    }

    static IEnumerable<CommandAst> Commands(string sample)
    {
        ScriptBlockAst script = Parser.ParseInput(sample, out _, out ParseError[] errors);
        Assert.True(errors.Length == 0, $"{sample}: {string.Join(", ", errors.Select(error => error.Message))}");
        return script.FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>();
    }

    [GeneratedRegex(@"^```powershell\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"^ +PS> (.*)$", RegexOptions.Multiline)]
    private static partial Regex Prompt();

    [GeneratedRegex("`([A-Z][a-z]+-[A-Za-z]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)")]
    private static partial Regex Link();
}
