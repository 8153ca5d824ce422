using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>What overlayfs's form says, of which attributes and which files.</summary>
public sealed class OverlayFormTests
{
    [Theory]
    [InlineData("user.a", true)]
    [InlineData("trusted.a", true)]
    [InlineData("security.capability", true)]
    [InlineData("system.posix_acl_access", true)]
    [InlineData("trusted.overlay.opaque", false)]
    [InlineData("user.overlay.opaque", false)]
    [InlineData("security.selinux", false)]
    [InlineData("security.ima", false)]
    [InlineData("security.evm", false)]
    [InlineData("system.other", false)]
    [InlineData("os2.a", false)]
    public void Attribute_MayBeALayersOrNot(string name, bool isPortable) => Assert.Equal(isPortable, OverlayForm.IsPortable(name));

    [Theory]
    [InlineData("trusted.overlay.origin", true)]
    [InlineData("trusted.overlay.opaque", true)]
    [InlineData("trusted.overlay.layerimage.upper-of", true)]
    [InlineData("trusted.overlay.redirect", false)]
    [InlineData("trusted.overlay.metacopy", false)]
    [InlineData("user.a", false)]
    public void NoteOfAnUpperDirectory_MeansNothingInALowerOne(string name, bool isOne) => Assert.Equal(isOne, OverlayForm.IsBookkeeping(name));

    [Theory]
    [InlineData(0x81A4, 0, nameof(LayerNodeType.File))]
    [InlineData(0x41ED, 0, nameof(LayerNodeType.Directory))]
    [InlineData(0xA1FF, 0, nameof(LayerNodeType.SymbolicLink))]
    [InlineData(0x2000, 0, nameof(LayerNodeType.Whiteout))]
    [InlineData(0x2000, 3, nameof(LayerNodeType.CharacterDevice))]
    [InlineData(0x6000, 0, nameof(LayerNodeType.BlockDevice))]
    [InlineData(0x1000, 0, nameof(LayerNodeType.Fifo))]
    [InlineData(0xC000, 0, nameof(LayerNodeType.Socket))]
    public void Status_IsAKindOfNode(int mode, int minor, string type)
    {
        FileStatus status = new() { Mode = (ushort)mode, DeviceMinor = (uint)minor };

        Assert.Equal((type, type == nameof(LayerNodeType.Whiteout)), (status.NodeType.ToString(), status.IsWhiteout));
    }

    [Fact]
    public void Attributes_AreThoseThatTheKindHas()
    {
        FileStatus directory = new() { Mode = 0x41ED, Size = 4096, Uid = 1, Gid = 2, ModifiedSeconds = 3, ModifiedNanoseconds = 4 };

        Assert.Equal(new NodeAttributes { Permissions = 0x1ED, Uid = 1, Gid = 2, ModifiedSeconds = 3, ModifiedNanoseconds = 4 }, NodeAttributes.Of(directory));
    }
}
