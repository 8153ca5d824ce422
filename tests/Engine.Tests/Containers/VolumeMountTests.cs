using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public class VolumeMountTests
{
    [Theory]
    [InlineData("/:/data", "/data", false)]
    [InlineData("/:/data/:ro", "/data", true)]
    [InlineData("/:/a/../data/./x/:rw", "/data/x", false)]
    public void Text_IsParsed(string text, string destination, bool readOnly) =>
        Assert.Equal(new VolumeMount("/", destination, readOnly), VolumeMount.Parse(text));

    [Theory]
    [InlineData("z", false, "rprivate", "/:/d", "z")]
    [InlineData("ro,Z", true, "rprivate", "/:/d:ro", "Z")]
    [InlineData("rw,cached,nocopy", false, "rprivate", "/:/d", "cached,nocopy")]
    [InlineData("delegated", false, "rprivate", "/:/d", "delegated")]
    [InlineData("consistent", false, "rprivate", "/:/d", "consistent")]
    [InlineData("rslave,ro", true, "rslave", "/:/d:ro,rslave", null)]
    [InlineData("shared", false, "shared", "/:/d:shared", null)]
    [InlineData("private", false, "private", "/:/d:private", null)]
    public void Options_AreDockers(string options, bool readOnly, string propagation, string kept, string? idle)
    {
        VolumeMount volume = VolumeMount.Parse("/:/d:" + options);

        Assert.Equal(new VolumeMount("/", "/d", readOnly, propagation), volume);
        Assert.Equal(kept, volume.ToString());
        Assert.Equal(volume, VolumeMount.Parse(kept));
        Assert.Equal((readOnly, propagation), (volume.ToBindMount().ReadOnly, volume.ToBindMount().Propagation));
        Assert.Equal(idle, volume.IdleOptions);
    }

    [Theory]
    [InlineData("rx", "no option 'rx'; there are ro, rw, rprivate, private, rslave, slave, rshared, shared, z, Z, cached, delegated, consistent, nocopy")]
    [InlineData("RO", "no option 'RO'")]
    [InlineData("ro,", "no option ''")]
    [InlineData("ro,rw", "of ro and rw one can be given")]
    [InlineData("slave,rshared", "of slave and rshared one can be given")]
    [InlineData("z,Z", "of z and Z one")]
    public void OtherOptions_AreRefusedWithThoseThatAre(string options, string told) =>
        Assert.Contains(told, Assert.Throws<LayerImageException>(() => VolumeMount.Parse("/:/d:" + options)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("/", "/", "")]
    [InlineData("/data", "/data", "shared:1")]
    [InlineData("/data/in", "/data", "shared:1")]
    [InlineData("/database", "/", "")]
    [InlineData("/mnt/x", "/mnt", "shared:2 master:1")]
    public void MountOfAPath_IsTheOneThatIsSeenThere(string path, string mountPoint, string sharing)
    {
        IReadOnlyList<MountInfo> mounts = MountInfo.Parse("1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 8:2 / /data rw,relatime shared:1 - ext4 /dev/sdb rw\n3 1 8:3 / /mnt rw - ext4 a rw\n4 3 8:4 / /mnt rw shared:2 master:1 - ext4 b rw\n");

        MountInfo found = MountInfo.Holding(mounts, path)!;

        Assert.Equal((mountPoint, sharing), (found.MountPoint, found.Sharing));
        Assert.Equal((sharing.Contains("shared", StringComparison.Ordinal), sharing.Contains("master", StringComparison.Ordinal)), (found.IsShared, found.IsSlave));
    }

    [Theory]
    [InlineData("/tmp:/")]
    [InlineData("/tmp:/.")]
    [InlineData("/tmp:/a/..")]
    [InlineData("/tmp:data")]
    [InlineData("name:/data")]
    [InlineData("/tmp:/data:rx")]
    [InlineData("/tmp")]
    public void OtherText_IsRefused(string text) =>
        Assert.Equal(EngineError.VolumeInvalid, Assert.Throws<LayerImageException>(() => VolumeMount.Parse(text)).Error);

    // A record is read, and what runs is used, whatever has become of the source since.
    [Fact]
    public void MissingSource_IsRefusedForAStartOnly()
    {
        const string Text = "/no/such/source:/data";

        Assert.Equal("/no/such/source", VolumeMount.Parse(Text).Source);
        Assert.Contains("no '/no/such/source'", Assert.Throws<LayerImageException>(() => VolumeMount.RequireAll([VolumeMount.Parse(Text)])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev")]
    [InlineData("//dev/")]
    [InlineData("/x/../dev")]
    [InlineData("/proc")]
    [InlineData("/proc/sys")]
    public void ContainersOwnPlaces_AreRefused(string destination) =>
        Assert.Equal(EngineError.VolumeInvalid, Assert.Throws<LayerImageException>(() => VolumeMount.RequireAll([VolumeMount.Parse("/:" + destination)])).Error);

    [Fact]
    public void PlacesBeneathDev_AreTaken() => VolumeMount.RequireAll([VolumeMount.Parse("/:/dev/shm"), VolumeMount.Parse("/:/devices"), VolumeMount.Parse("/:/process")]);
}
