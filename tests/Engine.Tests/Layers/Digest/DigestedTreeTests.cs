using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>A tree is the layer of its record, or it was changed.</summary>
public sealed class DigestedTreeTests
{
    [Fact]
    public void OtherDigestThanRecorded_IsCorrupt()
    {
        Digest recorded = Digest.Parse("sha256:" + new string('a', 64)), other = Digest.Parse("sha256:" + new string('b', 64));
        DigestedTree tree = new() { DiffId = recorded, TarSize = 0, ContentBytes = 0, Entries = 0, HasRoot = true, IsAltered = false, Sockets = [] };

        tree.Require(recorded);
        Assert.Equal(EngineError.LayerCorrupt, Assert.Throws<LayerImageException>(() => tree.Require(other)).Error);
    }
}
