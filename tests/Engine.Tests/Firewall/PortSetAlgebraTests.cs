using LayerImage.Engine.Firewall;
using Xunit;

namespace LayerImage.Engine.Tests.Firewall;

public class PortSetAlgebraTests
{
    private static PortElement Tcp(string range, int? seconds = null, string? owners = null) =>
        new(FirewallProtocol.Tcp, PortRange.Parse(range))
        {
            Timeout = seconds is { } time ? TimeSpan.FromSeconds(time) : null,
            Owners = owners,
        };

    private static string Show(IEnumerable<PortElement> elements) => string.Join(' ', elements.OrderBy(element => (element.Protocol, element.Range))
        .Select(element => $"{element.Range}{(element.Timeout is { } time ? $"@{time.TotalSeconds}" : "")}{(element.Owners is { } owners ? $"({owners})" : "")}"));

    [Theory]
    [InlineData("9200", "9200", "9200")]
    [InlineData("8000-8010", "8005", "8000-8010")]
    [InlineData("8005", "8000-8010", "8000-8010")]
    [InlineData("8000-8010", "8005-8020", "8000-8020")]
    [InlineData("8000-8010", "7990-8000", "7990-8010")]
    [InlineData("8000-8010", "8011", "8000-8010 8011")]
    [InlineData("1-10 20-30", "5-25", "1-30")]
    public void Add_CoalescesAsFirewalldDoes(string before, string added, string after)
    {
        PortElement[] set = [.. before.Split(' ').Select(range => Tcp(range))];

        PortSetChange change = PortSetAlgebra.Add(set, Tcp(added));

        Assert.Equal(after, Show(change.ApplyTo(set)));
        Assert.Equal(Show(set), Show(change.Inverse.ApplyTo(change.ApplyTo(set))));
    }

    [Theory]
    [InlineData("8000-8010", "8000-8010", "")]
    [InlineData("8000-8010", "8000", "8001-8010")]
    [InlineData("8000-8010", "8010", "8000-8009")]
    [InlineData("8000-8010", "8005-8006", "8000-8004 8007-8010")]
    [InlineData("8000-8010", "8005-8011", null)]
    [InlineData("8000-8010", "9200", null)]
    public void Remove_BreaksAsFirewalldDoes(string before, string removed, string? after)
    {
        PortElement[] set = [Tcp(before)];

        PortSetChange? change = PortSetAlgebra.Remove(set, FirewallProtocol.Tcp, PortRange.Parse(removed));

        Assert.Equal(after, change is null ? null : Show(change.ApplyTo(set)));
    }

    [Fact]
    public void Remove_LeavesOtherProtocols() =>
        Assert.Null(PortSetAlgebra.Remove([Tcp("53")], FirewallProtocol.Udp, PortRange.Parse("53")));

    [Fact]
    public void Add_TimedNeverShortensLasting()
    {
        PortElement[] set = [Tcp("8000-8010")];

        IReadOnlyList<PortElement> after = PortSetAlgebra.Add(set, Tcp("8005-8012", 20)).ApplyTo(set);

        Assert.Equal("8000-8010 8011-8012@20", Show(after));
        Assert.True(PortSetAlgebra.Add(set, Tcp("8005", 20)).IsEmpty);
    }

    [Fact]
    public void Add_LastingTakesOverTimed()
    {
        PortElement[] set = [Tcp("8000-8010", 20)];

        Assert.Equal("8000-8004@20 8005 8006-8010@20", Show(PortSetAlgebra.Add(set, Tcp("8005")).ApplyTo(set)));
        Assert.Equal("8000-8010@60", Show(PortSetAlgebra.Add(set, Tcp("8000-8010", 60)).ApplyTo(set)));
    }

    [Fact]
    public void Owners_ShareAPortUntilTheLastGoes()
    {
        IReadOnlyList<PortElement> set = PortSetAlgebra.AddOwner([], FirewallProtocol.Tcp, PortRange.Parse("8000-8010"), "aaa").ApplyTo([]);
        set = PortSetAlgebra.AddOwner(set, FirewallProtocol.Tcp, PortRange.Parse("8005-8012"), "bbb").ApplyTo(set);

        Assert.Equal("8000-8004(aaa) 8005-8010(aaa,bbb) 8011-8012(bbb)", Show(set));
        Assert.Equal("8000-8010(aaa)", Show(PortSetAlgebra.OwnedBy(set, "aaa")));
        Assert.True(PortSetAlgebra.AddOwner(set, FirewallProtocol.Tcp, PortRange.Parse("8005-8012"), "bbb").IsEmpty);

        set = PortSetAlgebra.RemoveOwner(set, "aaa", null, null).ApplyTo(set);
        Assert.Equal("8005-8010(bbb) 8011-8012(bbb)", Show(set));
        Assert.Empty(PortSetAlgebra.RemoveOwner(set, "bbb", null, null).ApplyTo(set));
    }
}
