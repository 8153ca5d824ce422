using System.Security.Cryptography;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Fuzz;

/// <summary>Tars of layers: refused or indexed, never a crash, a hang or a heap of memory.</summary>
public sealed class LayerFuzzTests
{
    [Fact]
    public void Tar_IsRefusedOrIndexed() => Fuzzer.Run(Corpus(), Index);

    private static void Index(byte[] tar)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        (LayerEntry root, long size) = LayerIndexing.ReadTar(new MemoryStream(tar), hash, TestContext.Current.CancellationToken);
        using MemoryStream index = new();
        LayerIndexWriter.Write(index, root, size, TestContext.Current.CancellationToken);
    }

    private static byte[][] Corpus() =>
    [
        new LayerBuilder().Directory("dir/").File("dir/file", "content").SymbolicLink("dir/link", "../file").HardLink("hard", "dir/file").Whiteout("gone").Opaque("dir").Fifo("pipe").CharacterDevice("null", 1, 3).ToTar(),
        new LayerBuilder().File(new string('n', 200) + "/" + new string('m', 200), "x", new() { XAttrs = new Dictionary<string, string> { ["user.a"] = "b" } }).Raw(new UstarHeader("plain") { Size = 3 }, "abc"u8.ToArray()).ToTar(),
        new LayerBuilder().Raw(new UstarHeader("PaxHeaders/x") { Type = 'x', Size = 76 }, "76 SCHILY.acl.access=user::rwx,user:1:rwx:2,group::r-x,mask::rwx\nother::---\n"u8.ToArray()).Raw(new UstarHeader("x")).ToTar(),
        new LayerBuilder().Raw(new UstarHeader("././@LongLink") { Type = 'L', Size = 12 }, "long/name/x\0"u8.ToArray()).Raw(new UstarHeader("x")).SymbolicLink("loop", "loop").ToTar(),
    ];
}
