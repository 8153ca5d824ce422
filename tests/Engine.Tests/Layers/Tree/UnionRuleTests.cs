using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>Which directories of one name are merged. "d" is a directory, "o" one that hides what is below it, all else is none.</summary>
public sealed class UnionRuleTests
{
    [Theory]
    [InlineData("", "", false)]
    [InlineData("d", "d", false)]
    [InlineData("ddd", "ddd", false)]
    [InlineData("dod", "do", true)]
    [InlineData("dwd", "d", true)]
    [InlineData("dfo", "d", true)]
    [InlineData("fd", "", true)]
    [InlineData("o", "o", true)]
    public void Directories_AreMergedDownToWhatHides(string sameName, string merged, bool hidesBelow)
    {
        List<string> found = [];

        bool hides = UnionRule.Merge(sameName, entry => entry is 'd' or 'o' ? entry.ToString() : null, directory => directory == "o", found);

        Assert.Equal((merged, hidesBelow), (string.Concat(found), hides));
    }

    [Fact]
    public void WhatIsFurtherDown_IsNotAskedFor()
    {
        static IEnumerable<char> Entries()
        {
            yield return 'o';
            throw new InvalidOperationException("asked for");
        }

        Assert.True(UnionRule.Merge(Entries(), entry => entry.ToString(), _ => true, []));
    }
}
