using System.Text;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>What other tools write and every engine reads, although no standard says it.</summary>
public class OtherToolsTarTests
{
    [Fact]
    public void Archive_MayEndWithoutPaddingAndClosingBlocks()
    {
        using MemoryStream tar = new();
        using (System.Formats.Tar.TarWriter writer = new(tar, leaveOpen: true))
        {
            writer.WriteEntry(new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, "f") { DataStream = new MemoryStream("hello"u8.ToArray()) });
        }
        long data = Encoding.Latin1.GetString(tar.ToArray()).LastIndexOf("hello", StringComparison.Ordinal);
        tar.SetLength(data + 5);
        tar.Position = 0;
        TarReader reader = new(tar);

        Assert.NotNull(reader.Next());
        Assert.Null(reader.Next());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("./")]
    [InlineData("//")]
    public void RootHasSeveralNames(string name) => Assert.Empty(LayerPath.Parse(NativePath.From(Encoding.ASCII.GetBytes(name))).Components);

    [Theory]
    [InlineData("user.a=b", "user.a%3Db")]
    [InlineData("user.a%3Db", "user.a%253Db")]
    [InlineData("user.100%", "user.100%")]
    [InlineData("user.a%2fb", "user.a%2fb")]
    public void AttributesWithEqualsSigns_AreWrittenAsGnuTarDoes(string name, string key)
    {
        using MemoryStream tar = new();
        new TarWriter(tar).WriteHeader(new TarEntry { Type = LayerNodeType.File, Name = "f", XAttrs = [new XAttr(name, "x=y"u8.ToArray())] });
        tar.Position = 0;

        XAttr attribute = Assert.Single(new TarReader(tar).Next()!.XAttrs);

        Assert.Contains($" SCHILY.xattr.{key}=x=y\n", Encoding.Latin1.GetString(tar.ToArray()), StringComparison.Ordinal);
        Assert.Equal((name, "x=y"), (attribute.Name.ToString(), Encoding.Latin1.GetString(attribute.Value)));
    }

    [Fact]
    public void EmptyRecords_LeaveWhatTheHeaderSays()
    {
        byte[] records = "8 path=\n9 mtime=\n8 size=\n7 uid=\n24 SCHILY.xattr.user.e=\n"u8.ToArray();
        byte[] tar = new LayerBuilder().Raw(new UstarHeader("x") { Type = 'x', Size = records.Length }, records).Raw(new UstarHeader("f") { Size = 2 }, "hi"u8.ToArray()).ToTar();

        TarEntry entry = new TarReader(new MemoryStream(tar)).Next()!;

        Assert.Equal(("f", 2L), (entry.Name.ToString(), entry.Attributes.Size));
        Assert.Empty(Assert.Single(entry.XAttrs).Value);
    }
}
