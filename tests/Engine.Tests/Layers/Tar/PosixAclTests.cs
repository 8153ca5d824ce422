using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>The text of access control lists in PAX records, in the kernel's form.</summary>
public class PosixAclTests
{
    // Tag, permissions and id of each entry: linux/posix_acl_xattr.h.
    private const string Lisa = "02000000" + "01000700ffffffff" + "02000400e8030000" + "04000500ffffffff" + "10000500ffffffff" + "20000000ffffffff";

    [Theory]
    [InlineData("user::rwx,user:1000:r--,group::r-x,mask::r-x,other::---")]
    [InlineData("user::rwx\nuser:1000:r--\ngroup::r-x\nmask::r-x\nother::---\n")] // GNU tar
    [InlineData("user::rwx,group::r-x,other::---,user:lisa:r--:1000,mask::r-x")] // star and libarchive
    [InlineData("user::rwx,user:1000:r--:1000,group::r-x,mask::r-x,other::---")]
    [InlineData("u::rwx,u:1000:r,g::rx,m:xr,o:---,")]
    [InlineData("# file: x\nuser::rwx\t#a comment\n  user:1000:r-- #effective:r--\n\ngroup::r-x\nmask::r-x\nother::---")]
    public void Text_IsTheKernelsSortedForm(string text) => Assert.Equal(Lisa, Convert.ToHexStringLower(Parse(text)!));

    [Fact]
    public void Numbers_SortEntriesOfAKind() =>
        Assert.Equal("02000000" + "01000600ffffffff" + "0200070000000000" + "0200040002000000" + "02000100feffffff" + "04000000ffffffff" + "0800020003000000" + "10000700ffffffff" + "20000400ffffffff",
            Convert.ToHexStringLower(Parse("group:3:-w-,other::r--,user:4294967294:--x,mask::rwx,user:2:r--,user:root:rwx,user::rw-,group::---")!));

    // What the group may do stays bounded by its own entry, although the mode (the mask) has more.
    [Fact]
    public void NameWithoutNumber_IsLeftOutAndTheMaskStays() =>
        Assert.Equal("02000000" + "01000700ffffffff" + "04000500ffffffff" + "10000700ffffffff" + "20000000ffffffff",
            Convert.ToHexStringLower(Parse("user::rwx,user:lisa:rwx,group::r-x,group:adm:rwx,mask::rwx,other::---")!));

    [Theory]
    [InlineData("")]
    [InlineData("\n,\n# nothing\n")]
    public void NoEntries_AreNoList(string text) => Assert.Null(Parse(text));

    [Theory]
    [InlineData("nonsense")]
    [InlineData("user")]
    [InlineData("user:")]
    [InlineData("user::")]
    [InlineData("user:rwx")]
    [InlineData("users::rwx")]
    [InlineData("default:user::rwx")]
    [InlineData("mask:1:rwx")]
    [InlineData("user::rwz")]
    [InlineData("user::rwxr")]
    [InlineData("user::rr")]
    [InlineData("user::7")]
    [InlineData("user:4294967295:r--")]
    [InlineData("user:99999999999999999999:r--")]
    [InlineData("user:lisa:r--:4294967295")]
    [InlineData("user::rwx")]
    [InlineData("user:1:rwx,user:1:r--")]
    [InlineData("user:root:rwx,user:0:r--")]
    [InlineData("mask::rwx,mask::r--")]
    public void WrongEntry_IsRefused(string entries) => Refuse($"user::rwx,group::r-x,mask::r-x,other::---,{entries}");

    [Fact]
    public void IncompleteList_IsRefused()
    {
        Refuse("user::rwx,group::r-x");
        Refuse("user::rwx,group::r-x,other::---,user:1:r--");
        Refuse("user::rwx,group::r-x,other::---,group:unknown:r--");
    }

    [Fact]
    public void MoreEntriesThanAnAttributeHolds_AreRefused()
    {
        string basic = "user::rwx,group::r-x,mask::r-x,other::---,";
        Assert.Equal(4 + (8 * PosixAcl.MostEntries), Parse(basic + string.Join(',', Enumerable.Range(0, PosixAcl.MostEntries - 4).Select(id => $"user:{id}:r--")))!.Length);
        Refuse(basic + string.Join(',', Enumerable.Range(0, PosixAcl.MostEntries - 3).Select(id => $"user:{id}:r--")));
        Refuse(basic + string.Join(',', Enumerable.Repeat("user:x:r--", 300_000))); // as many as a PAX header has room for
    }

    [Theory]
    [InlineData("user::rwx,group::r-x,other::r--", 0b110_010_001, "user::rw-,group::-w-,other::--x")]
    [InlineData("user::rwx,user:5:rwx,group::r-x,mask::rwx,other::r--", 0b110_010_001, "user::rw-,user:5:rwx,group::r-x,mask::-w-,other::--x")]
    public void Mode_SaysWhatChmodWouldMakeOfIt(string text, int mode, string expected) => Assert.Equal(Parse(expected), PosixAcl.WithMode(Parse(text)!, mode));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ListInTheKernelsForm_CountsBeforeTheText(bool isFirst)
    {
        const string Text = "SCHILY.acl.access=user::rwx,user:lisa:rwx,group::r-x,mask::rwx,other::---", Raw = "SCHILY.xattr.system.posix_acl_access=raw";
        TarEntry entry = Read(isFirst ? [Raw, Text] : [Text, Raw]);

        Assert.Equal("raw", Encoding.ASCII.GetString(Assert.Single(entry.XAttrs).Value));
        Assert.Equal("system.posix_acl_access,system.posix_acl_default",
            string.Join(',', Read([Text, "SCHILY.acl.default=user::rwx,group::---,other::---"]).XAttrs.Select(attribute => attribute.Name.ToString())));
    }

    private static TarEntry Read(string[] records)
    {
        byte[] pax = [.. records.SelectMany(record => Encoding.ASCII.GetBytes($"{record.Length + (record.Length + 4 > 99 ? 5 : 4)} {record}\n"))];
        byte[] tar = new LayerBuilder().Raw(new UstarHeader("PaxHeaders/x") { Type = 'x', Size = pax.Length }, pax).Raw(new UstarHeader("file")).ToTar();
        return new TarReader(new MemoryStream(tar)).Next()!;
    }

    private static byte[]? Parse(string text) => PosixAcl.Parse(Encoding.ASCII.GetBytes(text));

    private static void Refuse(string text) => Assert.Equal(EngineError.LayerInvalid, Assert.Throws<LayerImageException>(() => Parse(text)).Error);
}
