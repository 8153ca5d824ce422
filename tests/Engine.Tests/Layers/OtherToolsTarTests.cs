using System.Text;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Layers;
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
}
