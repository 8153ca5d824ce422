using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
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
        Assert.Contains("no '/no/such/source'", Assert.Throws<LayerImageException>(() => VolumeMount.RequireAll([Text])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev")]
    [InlineData("//dev/")]
    [InlineData("/x/../dev")]
    [InlineData("/proc")]
    [InlineData("/proc/sys")]
    public void ContainersOwnPlaces_AreRefused(string destination) =>
        Assert.Equal(EngineError.VolumeInvalid, Assert.Throws<LayerImageException>(() => VolumeMount.RequireAll(["/:" + destination])).Error);

    [Fact]
    public void PlacesBeneathDev_AreTaken() => VolumeMount.RequireAll(["/:/dev/shm", "/:/devices", "/:/process"]);
}
