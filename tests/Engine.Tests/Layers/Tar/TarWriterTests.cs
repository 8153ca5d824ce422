using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>What is written is read back, whatever a plain header has no room for.</summary>
public sealed class TarWriterTests
{
    public static TheoryData<string> Names => new() { "a", new string('n', 100), new string('n', 101), $"{new string('d', 200)}/{new string('n', 200)}", "é/ü" };

    [Theory]
    [MemberData(nameof(Names))]
    public void Name_IsReadBack(string name)
    {
        TarEntry entry = ReadBack(new TarEntry { Type = LayerNodeType.SymbolicLink, Name = name, LinkName = name + "/x" });

        Assert.Equal((name, name + "/x", LayerNodeType.SymbolicLink), (entry.Name.ToString(), entry.LinkName.ToString(), entry.Type));
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0xFFF, 70_000, 1, 999_999_999)]
    [InlineData(0x1A4, uint.MaxValue - 1L, -1, 1)]
    [InlineData(0x1A4, 0x1FFFFF, 0x1FFFFFFFF, 0)]
    [InlineData(0x1A4, 0x200000, 0x200000000, 0)]
    public void Attributes_AreReadBack(int permissions, long owner, long seconds, int nanoseconds)
    {
        NodeAttributes attributes = new() { Permissions = permissions, Uid = (uint)owner, Gid = (uint)owner, ModifiedSeconds = seconds, ModifiedNanoseconds = (uint)nanoseconds };

        Assert.Equal(attributes, ReadBack(new TarEntry { Type = LayerNodeType.Directory, Name = "a/", Attributes = attributes }).Attributes);
    }

    [Fact]
    public void Device_IsReadBack()
    {
        NodeAttributes attributes = new() { DeviceMajor = 0xFFF, DeviceMinor = 0xFFFFF };

        Assert.All([LayerNodeType.CharacterDevice, LayerNodeType.BlockDevice], type =>
            Assert.Equal((type, attributes), (ReadBack(new TarEntry { Type = type, Name = "a", Attributes = attributes }).Type, ReadBack(new TarEntry { Type = type, Name = "a", Attributes = attributes }).Attributes)));
    }

    [Fact]
    public void ExtendedAttributes_AreReadBackWithAnyBytes()
    {
        byte[] value = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

        XAttr attribute = Assert.Single(ReadBack(new TarEntry { Type = LayerNodeType.File, Name = "a", XAttrs = [new XAttr("user.a", value)] }).XAttrs);

        Assert.Equal("user.a", attribute.Name.ToString());
        Assert.Equal(value, attribute.Value);
    }

    private static TarEntry ReadBack(TarEntry entry)
    {
        using MemoryStream tar = new();
        TarWriter writer = new(tar);
        writer.WriteHeader(entry);
        writer.WriteEnd();
        tar.Position = 0;
        TarReader reader = new(tar);
        TarEntry read = reader.Next()!;
        Assert.Null(reader.Next());
        return read;
    }
}
