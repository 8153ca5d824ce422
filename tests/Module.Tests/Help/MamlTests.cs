using System.Xml.Linq;
using Xunit;

namespace LayerImage.Module.Tests.Help;

/// <summary>What Get-Help shows is made of the pages: build.ps1 Docs was not forgotten. It is committed, for a build needs no PlatyPS.</summary>
public sealed class MamlTests
{
    static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10", s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10", s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    static readonly XElement s_help = XElement.Load(Path.Combine(Repository.Root, "en-US", "LayerImage.Cmdlets.dll-Help.xml"), LoadOptions.PreserveWhitespace);

    [Fact]
    public void Help_IsOfAllPages() =>
        Assert.Equal(HelpPage.All.Select(page => page.Name), s_help.Elements(s_command + "command").Select(NameOf));

    [Fact]
    public void Help_SaysWhatThePagesSay() => Assert.All(HelpPage.All, page =>
    {
        XElement command = Assert.Single(s_help.Elements(s_command + "command"), element => NameOf(element) == page.Name);

        Assert.Equal(HelpPage.Words(page["SYNOPSIS"]), Words(command.Element(s_command + "details")!.Element(s_maml + "description")!));
        Assert.Equal(HelpPage.Words(page["DESCRIPTION"]), Words(command.Element(s_maml + "description")!));
        Assert.Equal(HelpPage.Words(page["NOTES"]), Words(command.Element(s_maml + "alertSet")!));
        Assert.Equal(page.Links, command.Descendants(s_maml + "linkText").Select(link => link.Value));
        Assert.Equal(
            page.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} [{pair.Value["DefaultValue"]}]: {HelpPage.Words(pair.Value.Text)}"),
            command.Element(s_command + "parameters")!.Elements(s_command + "parameter").OrderBy(element => element.Element(s_maml + "name")!.Value, StringComparer.Ordinal).Select(Parameter));
        Assert.Equal(page.Syntax.Count, command.Element(s_command + "syntax")!.Elements().Count());
    });

    [Fact]
    public void Help_HasThePagesExamples() => Assert.All(HelpPage.All, page =>
    {
        XElement[] examples = [.. s_help.Elements(s_command + "command").Single(element => NameOf(element) == page.Name).Descendants(s_command + "example")];

        Assert.Equal(page.Examples.Select(example => example.Title), examples.Select(example => example.Element(s_maml + "title")!.Value.Trim('-', ' ')));
        Assert.Equal(page.Examples.Select(example => example.Code[0]), examples.Select(example => example.Element(s_dev + "code")!.Value));
        Assert.All(page.Examples.Zip(examples), pair =>
            Assert.Equal(HelpPage.Words(pair.First.Text.Replace($"```powershell\n{pair.First.Code[0]}\n```", "", StringComparison.Ordinal)), Words(pair.Second.Element(s_dev + "remarks")!)));
    });

    [Fact]
    public void Help_IsInTheModule() =>
        Assert.Equal(File.ReadAllText(Path.Combine(Repository.Root, "en-US", "LayerImage.Cmdlets.dll-Help.xml")), File.ReadAllText(Path.Combine(Path.GetDirectoryName(Repository.Manifest)!, "en-US", "LayerImage.Cmdlets.dll-Help.xml")));

    static string NameOf(XElement command) => command.Element(s_command + "details")!.Element(s_command + "name")!.Value;

    static string Parameter(XElement element) =>
        $"{element.Element(s_maml + "name")!.Value} [{element.Element(s_dev + "defaultValue")!.Value.Replace("None", "", StringComparison.Ordinal)}]: {Words(element.Element(s_maml + "description")!)}";

    static string Words(XElement text) => HelpPage.Words(string.Join('\n', text.Descendants(s_maml + "para").Select(paragraph => paragraph.Value)));
}
