using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>The records of a PAX header, and how one header lies over another.</summary>
public sealed class PaxRecordsTests
{
    [Fact]
    public void Records_AreWhatTheySay()
    {
        PaxRecords records = Parse("path=long/name", "linkpath=target", "size=8589934592", "uid=70000", "gid=5", "mtime=1.5", "SCHILY.xattr.user.a=x=y", "comment=nobody reads it");

        Assert.Equal(("long/name", "target"), (records.Path.ToString(), records.LinkPath.ToString()));
        Assert.Equal((8_589_934_592L, 70_000L, 5L), (records.Size, records.Uid, records.Gid));
        Assert.Equal((1L, 500_000_000u), (records.ModifiedSeconds, records.ModifiedNanoseconds));
        Assert.Equal(("user.a", "x=y"), (Assert.Single(records.XAttrs).Name.ToString(), Encoding.UTF8.GetString(records.XAttrs[0].Value)));
    }

    [Theory]
    [InlineData("-1.25", -2, 750_000_000)]
    [InlineData("-0.5", -1, 500_000_000)]
    [InlineData(".5", 0, 500_000_000)]
    [InlineData("7", 7, 0)]
    [InlineData("7.1234567891", 7, 123_456_789)]
    public void Time_HasAFraction(string text, long seconds, int nanoseconds)
    {
        PaxRecords records = Parse($"mtime={text}");

        Assert.Equal((seconds, nanoseconds), (records.ModifiedSeconds, (int)records.ModifiedNanoseconds));
    }

    [Fact]
    public void EntrysOwn_LiesOverTheGlobalOne()
    {
        PaxRecords both = Parse("uid=1", "gid=2", "mtime=3.5", "SCHILY.xattr.user.a=x").Overlay(Parse("uid=7"));

        Assert.Equal((7L, 2L, 3L, 500_000_000u), (both.Uid, both.Gid, both.ModifiedSeconds, both.ModifiedNanoseconds));
        Assert.Single(both.XAttrs);
        Assert.Equal(8L, both.Overlay(null).Overlay(Parse("uid=8")).Uid);
    }

    [Theory]
    [InlineData("5 a=b\n")]
    [InlineData("7 a=b\n")]
    [InlineData("x a=b\n")]
    [InlineData("5 ab\n")]
    [InlineData("5 =b\n")]
    [InlineData("9 size=x\n")]
    [InlineData("11 path=a\0\n")]
    public void WrongRecords_AreRefused(string text) =>
        Assert.Equal(EngineError.LayerInvalid, Assert.Throws<LayerImageException>(() => PaxRecords.Parse(Encoding.UTF8.GetBytes(text))).Error);

    [Fact]
    public void ListAsText_CountsWhereTheKernelsIsNot()
    {
        const string Text = "SCHILY.acl.access=user::rwx,group::r-x,other::---";

        Assert.Equal("system.posix_acl_access", Assert.Single(Parse(Text).AllXAttrs()).Name.ToString());
        Assert.Equal("own"u8.ToArray(), Assert.Single(Parse(Text, "SCHILY.xattr.system.posix_acl_access=own").AllXAttrs()).Value);
    }

    private static PaxRecords Parse(params string[] records) => PaxRecords.Parse(Encoding.UTF8.GetBytes(string.Concat(records.Select(Measured))));

    private static string Measured(string record)
    {
        int length = record.Length + 2;
        while ($"{length} {record}\n".Length != length)
        {
            length++;
        }
        return $"{length} {record}\n";
    }
}
