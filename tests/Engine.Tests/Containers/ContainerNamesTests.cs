using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class ContainerNamesTests
{
    [Theory]
    [InlineData("ab")]
    [InlineData("0.a_B-c")]
    public void Name_IsTaken(string name) => ContainerNames.Check(name);

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("_a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ä1")]
    public void OtherText_IsRefused(string name) =>
        Assert.Equal(EngineError.NameInvalid, Assert.Throws<LayerImageException>(() => ContainerNames.Check(name)).Error);

    [Fact]
    public void MadeUpName_IsAName()
    {
        for (int attempt = 0; attempt < 6; attempt++)
        {
            ContainerNames.Check(ContainerNames.MakeUp(attempt));
        }
    }

    // A host name that is a number is taken for an address.
    [Fact]
    public void Id_BeginsWithNoNumber() => Assert.All(Enumerable.Range(0, 1000).Select(_ => ContainerNames.NewId()), id =>
    {
        Assert.Matches("^[0-9a-f]{64}$", id);
        Assert.Contains(id[..12], char.IsAsciiLetter);
    });
}
