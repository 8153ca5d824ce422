using System.Management.Automation;
using System.Management.Automation.Language;
using Xunit;

namespace LayerImage.Module.Tests.Help;

/// <summary>The pages' examples are code: they parse, and use commands and parameters that there are.</summary>
public sealed class HelpExampleTests(ModuleHost host) : IClassFixture<ModuleHost>
{
    public static TheoryData<string> Names => [.. HelpPage.All.Select(page => page.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Example_UsesWhatThereIs(string page) => Assert.All(HelpPage.All.Single(one => one.Name == page).Examples.SelectMany(example => example.Code), code =>
    {
        ScriptBlockAst script = Parser.ParseInput(code, out _, out ParseError[] errors);

        Assert.Empty(errors.Select(error => error.Message));
        Assert.All(script.FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>(), Check);
    });

    [Fact]
    public void Examples_ShowTheirCmdlet() => Assert.All(HelpPage.All, page =>
        Assert.Contains(page.Name, Parser.ParseInput(page.Examples[0].Code[0], out _, out _).FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: true).Select(ast => ((CommandAst)ast).GetCommandName()), StringComparer.OrdinalIgnoreCase));

    void Check(CommandAst command)
    {
        string? name = command.GetCommandName();
        if (name is null)
        {
            return; // & $program
        }
        IEnumerable<string> parameters = ParametersOf(name);
        Assert.All(command.CommandElements.OfType<CommandParameterAst>(), parameter => Assert.Contains(parameter.ParameterName, parameters, StringComparer.OrdinalIgnoreCase));
        // One parameter set must fit what is given. Nothing is given where all comes by the pipeline.
        if (command.CommandElements.Count > 1)
        {
            Assert.Empty(Bind(command).BindingExceptions.Values.Select(error => $"{command}: {error.BindingException.Message}"));
        }
    }

    IEnumerable<string> ParametersOf(string name)
    {
        ModuleResult found = host.Invoke("Get-Command -Name $name -ErrorAction Stop", ("name", name));
        Assert.True(found.TerminatingError is null, $"There is no {name}.");
        return ((CommandInfo)Assert.Single(found.Output).BaseObject).Parameters.Keys;
    }

    StaticBindingResult Bind(CommandAst command) =>
        (StaticBindingResult)Assert.Single(host.Invoke("[System.Management.Automation.Language.StaticParameterBinder]::BindCommand($command, $true)", ("command", command)).Output).BaseObject;
}
