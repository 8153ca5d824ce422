using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>Names of attributes in PAX keys.</summary>
public sealed class XAttrKeyTests
{
    [Theory]
    [InlineData("user.a", "user.a")]
    [InlineData("user.a=b=", "user.a%3Db%3D")]
    [InlineData("user.%3D%25", "user.%253D%2525")]
    [InlineData("user.%3d%", "user.%3d%")]
    public void Name_ComesBackFromItsKey(string name, string key)
    {
        Assert.Equal(key, Encoding.UTF8.GetString(XAttrKey.Encode(Encoding.UTF8.GetBytes(name))));
        Assert.Equal(name, XAttrKey.Decode(Encoding.UTF8.GetBytes(key)).ToString());
    }

    [Fact]
    public void NameWithANul_IsRefused() => Assert.Equal(EngineError.LayerInvalid, Assert.Throws<LayerImageException>(() => XAttrKey.Decode("user.a\0"u8)).Error);
}
