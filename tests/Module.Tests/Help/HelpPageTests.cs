using System.Globalization;
using System.Management.Automation;
using Xunit;

namespace LayerImage.Module.Tests.Help;

/// <summary>The pages of docs/en-US are whole and say what the cmdlets are. tools/Docs.ps1 brings them up to date.</summary>
public sealed class HelpPageTests : IClassFixture<ModuleHost>
{
    readonly CmdletInfo[] _cmdlets;

    public HelpPageTests(ModuleHost host) =>
        _cmdlets = [.. host.Invoke("Get-Command -Module LayerImage -CommandType Cmdlet").Output.Select(command => (CmdletInfo)command.BaseObject)];

    [Fact]
    public void EveryCmdlet_HasItsPage() =>
        Assert.Equal(_cmdlets.Select(cmdlet => cmdlet.Name).Order(StringComparer.Ordinal), HelpPage.All.Select(page => page.Name));

    [Fact]
    public void Pages_AreWritten() => Assert.All(HelpPage.All, page =>
    {
        Assert.DoesNotContain("{{", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("ms.date", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', page["SYNOPSIS"]);
        Assert.All(["SYNOPSIS", "DESCRIPTION", "NOTES", "INPUTS", "OUTPUTS"], section => Assert.NotEqual("", page[section]));
        Assert.InRange(page.Examples.Count, 2, 10);
        Assert.All(page.Examples.Select((example, i) => (example, i)), entry =>
        {
            Assert.StartsWith($"Example {entry.i + 1}: ", entry.example.Title, StringComparison.Ordinal);
            Assert.NotEmpty(entry.example.Code);
        });
        Assert.All(page.Parameters.Values, parameter => Assert.NotEqual("", parameter.Text));
    });

    [Fact]
    public void Parameters_AreTheCmdlets() => Assert.All(Pairs(), pair =>
    {
        (HelpPage page, CmdletInfo cmdlet) = pair;
        ParameterMetadata[] parameters = [.. cmdlet.Parameters.Values.Where(parameter => !Cmdlet.CommonParameters.Contains(parameter.Name))];

        Assert.Equal(parameters.Select(parameter => parameter.Name).Order(StringComparer.Ordinal), page.Parameters.Keys.Order(StringComparer.Ordinal));
        Assert.All(parameters, parameter =>
        {
            HelpParameter told = page.Parameters[parameter.Name];
            Assert.Equal(NameOf(parameter.ParameterType), told["Type"]);
            Assert.Equal(parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any(), bool.Parse(told["SupportsWildcards"]));
            Assert.Equal(DefaultOf(cmdlet, parameter), told["DefaultValue"]);
            Assert.Equal(SetsOf(parameter), told.Block.SkipWhile(line => line != "ParameterSets:").TakeWhile(line => !line.StartsWith("DontShow:", StringComparison.Ordinal)));
            Assert.Equal(parameter.Aliases, told.Block.SkipWhile(line => !line.StartsWith("Aliases:", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line.StartsWith("- ", StringComparison.Ordinal)).Select(line => line[2..]));
        });
    });

    [Fact]
    public void Syntax_IsTheCmdlets() => Assert.All(Pairs(), pair =>
    {
        (HelpPage page, CmdletInfo cmdlet) = pair;
        IEnumerable<(string, string)> sets = cmdlet.ParameterSets.Select(set => (
            set.Name + (set.IsDefault && set.Name != ParameterAttribute.AllParameterSets ? " (Default)" : ""),
            $"{cmdlet.Name} {set}".Replace(" [<CommonParameters>]", "", StringComparison.Ordinal)));

        Assert.Equal(sets.Order(), page.Syntax.Select(part => (part.Key, part.Value)).Order());
    });

    [Fact]
    public void Types_AreTheCmdlets() => Assert.All(Pairs(), pair =>
    {
        (HelpPage page, CmdletInfo cmdlet) = pair;
        IEnumerable<string> inputs = cmdlet.ParameterSets.SelectMany(set => set.Parameters).Where(parameter => parameter.ValueFromPipeline || parameter.ValueFromPipelineByPropertyName)
            .Select(parameter => NameOf(parameter.ParameterType)).Distinct().DefaultIfEmpty("None");

        Assert.Equal(inputs.Order(StringComparer.Ordinal), page.Types("INPUTS").Order(StringComparer.Ordinal));
        Assert.Equal(cmdlet.OutputType.Select(type => type.Name).DefaultIfEmpty("None").Order(StringComparer.Ordinal), page.Types("OUTPUTS").Order(StringComparer.Ordinal));
    });

    [Fact]
    public void Links_LeadToPages() => Assert.All(HelpPage.All, page =>
    {
        Assert.NotEmpty(page.Links);
        Assert.Equal(page["RELATED LINKS"].Split('\n').Length, page.Links.Count); // each line is a link of a known form
        Assert.All(page.Links, link => Assert.True(
            link.StartsWith("about_", StringComparison.Ordinal) ? File.Exists(Path.Combine(Repository.Root, "en-US", link + ".help.txt")) : File.Exists(Path.Combine(HelpPage.Folder, link + ".md")),
            $"{page.Name} links to {link}, which does not exist."));
        Assert.DoesNotContain(page.Name, page.Links);
    });

    IEnumerable<(HelpPage Page, CmdletInfo Cmdlet)> Pairs() => HelpPage.All.Select(page => (page, _cmdlets.Single(cmdlet => cmdlet.Name == page.Name)));

    static string NameOf(Type type) => Nullable.GetUnderlyingType(type) is Type inner ? $"System.Nullable`1[{inner.FullName}]" : type.FullName!;

    /// <summary>What the property has before anything is bound: nothing for a null, the texts of an array.</summary>
    static string DefaultOf(CmdletInfo cmdlet, ParameterMetadata parameter)
    {
        if (parameter.SwitchParameter)
        {
            return "False";
        }
        object? value = cmdlet.ImplementingType.GetProperty(parameter.Name)!.GetValue(Activator.CreateInstance(cmdlet.ImplementingType));
        return value switch
        {
            Array list => string.Join(", ", list.Cast<object>()),
            string or ValueType => string.Format(CultureInfo.InvariantCulture, "{0}", value),
            _ => "",
        };
    }

    static IEnumerable<string> SetsOf(ParameterMetadata parameter)
    {
        yield return "ParameterSets:";
        foreach ((string name, ParameterSetMetadata set) in parameter.ParameterSets)
        {
            yield return $"- Name: {(name == ParameterAttribute.AllParameterSets ? "(All)" : name)}";
            yield return $"  Position: {(set.Position == int.MinValue ? "Named" : set.Position.ToString(CultureInfo.InvariantCulture))}";
            yield return $"  IsRequired: {Text(set.IsMandatory)}";
            yield return $"  ValueFromPipeline: {Text(set.ValueFromPipeline)}";
            yield return $"  ValueFromPipelineByPropertyName: {Text(set.ValueFromPipelineByPropertyName)}";
            yield return $"  ValueFromRemainingArguments: {Text(set.ValueFromRemainingArguments)}";
        }
    }

    static string Text(bool value) => value ? "true" : "false";
}
