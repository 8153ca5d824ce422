using LayerImage.Engine.Errors;
using LayerImage.Engine.References;
using Xunit;

namespace LayerImage.Engine.Tests.References;

public sealed class ImageReferenceTests
{
    private const string Sha = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Sha512 = "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("tomcat", "docker.io/library/tomcat", "tomcat")]
    [InlineData("tomcat:9", "docker.io/library/tomcat:9", "tomcat:9")]
    [InlineData("library/tomcat", "docker.io/library/tomcat", "tomcat")]
    [InlineData("docker.io/tomcat", "docker.io/library/tomcat", "tomcat")]
    [InlineData("docker.io/library/tomcat:9", "docker.io/library/tomcat:9", "tomcat:9")]
    [InlineData("index.docker.io/tomcat", "docker.io/library/tomcat", "tomcat")]
    [InlineData("zyp/mytomcat:1.0.0", "docker.io/zyp/mytomcat:1.0.0", "zyp/mytomcat:1.0.0")]
    [InlineData("library/a/b", "docker.io/library/a/b", "library/a/b")]
    [InlineData("localhost", "docker.io/library/localhost", "localhost")]
    [InlineData("localhost:5000", "docker.io/library/localhost:5000", "localhost:5000")]
    [InlineData("localhost/app", "localhost/app", "localhost/app")]
    [InlineData("localhost:5000/app", "localhost:5000/app", "localhost:5000/app")]
    [InlineData("localhost:5000/team/app:1.0", "localhost:5000/team/app:1.0", "localhost:5000/team/app:1.0")]
    [InlineData("127.0.0.1:5000/app", "127.0.0.1:5000/app", "127.0.0.1:5000/app")]
    [InlineData("[::1]/app", "[::1]/app", "[::1]/app")]
    [InlineData("[::1]:5000/app:1", "[::1]:5000/app:1", "[::1]:5000/app:1")]
    [InlineData("[2001:db8::1]:5000/app@" + Sha, "[2001:db8::1]:5000/app@" + Sha, "[2001:db8::1]:5000/app@" + Sha)]
    [InlineData("quay.io/a/b/c/d", "quay.io/a/b/c/d", "quay.io/a/b/c/d")]
    [InlineData("Registry/app", "Registry/app", "Registry/app")]
    [InlineData("xn--n3h.example/app", "xn--n3h.example/app", "xn--n3h.example/app")]
    [InlineData("a.b/c.d/e", "a.b/c.d/e", "a.b/c.d/e")]
    [InlineData("a/b_c/d__e/f-g/h---i/j.k", "docker.io/a/b_c/d__e/f-g/h---i/j.k", "a/b_c/d__e/f-g/h---i/j.k")]
    [InlineData("app:_x", "docker.io/library/app:_x", "app:_x")]
    [InlineData("app:V1.0-rc_2", "docker.io/library/app:V1.0-rc_2", "app:V1.0-rc_2")]
    [InlineData("app@" + Sha, "docker.io/library/app@" + Sha, "app@" + Sha)]
    [InlineData("app@" + Sha512, "docker.io/library/app@" + Sha512, "app@" + Sha512)]
    [InlineData("app:1@" + Sha, "docker.io/library/app:1@" + Sha, "app:1@" + Sha)]
    [InlineData(Hex64 + ":latest", "docker.io/library/" + Hex64 + ":latest", Hex64 + ":latest")]
    // What would be read as a registry, or as an id, keeps its full name.
    [InlineData("docker.io/foo.bar/app", "docker.io/foo.bar/app", "docker.io/foo.bar/app")]
    [InlineData("docker.io/localhost/app:1", "docker.io/localhost/app:1", "docker.io/localhost/app:1")]
    [InlineData("docker.io/library/" + Hex64, "docker.io/library/" + Hex64, "docker.io/library/" + Hex64)]
    public void Reference_IsAcceptedAndNamedInFullAndInShort(string text, string canonical, string familiar)
    {
        ImageReference reference = ImageReference.Parse(text);

        Assert.Equal(canonical, reference.Canonical);
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(reference, ImageReference.Parse(reference.Canonical));
        Assert.Equal(reference, ImageReference.Parse(reference.Familiar));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" tomcat")]
    [InlineData("tomcat ")]
    [InlineData("tomcat\n")]
    [InlineData(":tag")]
    [InlineData("@" + Sha)]
    [InlineData("/tomcat")]
    [InlineData("tomcat/")]
    [InlineData("a//b")]
    [InlineData("tomcat:")]
    [InlineData("tomcat:.x")]
    [InlineData("tomcat:-x")]
    [InlineData("tomcat:a b")]
    [InlineData("tomcat:ä")]
    [InlineData("tomcat@")]
    [InlineData("tomcat@sha256:0123")]
    [InlineData("tomcat@md5:0123456789abcdef0123456789abcdef")]
    [InlineData("tomcat@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("tomcat@" + Sha + "@" + Sha)]
    [InlineData("Tomcat")]
    [InlineData("a/Tomcat")]
    [InlineData("tömcat")]
    [InlineData("٣")]
    [InlineData("a..b")]
    [InlineData("a___b")]
    [InlineData("a._b")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("_a")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("http://host/app")]
    [InlineData("https://host/app:1")]
    [InlineData("host.name:port/app")]
    [InlineData("host.name:99999/app")]
    [InlineData("host.name:/app")]
    [InlineData("host..name/app")]
    [InlineData("-host.name/app")]
    [InlineData("host_name.org/app")]
    [InlineData("user@host.name/app")]
    [InlineData("[::1/app")]
    [InlineData("::1/app")]
    [InlineData("[fe80::1%25eth0]/app")]
    [InlineData("[127.0.0.1]:5000/app")]
    [InlineData("[]/app")]
    [InlineData("a:1:2")]
    [InlineData(Hex64)]
    [InlineData("tomcat?x=y")]
    [InlineData("tomcat#x")]
    [InlineData("tom\\cat")]
    public void Reference_IsRefusedWithAReason(string text)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => ImageReference.Parse(text));

        Assert.Equal(EngineError.ReferenceInvalid, error.Error);
        Assert.Equal(text, error.Target);
        Assert.False(string.IsNullOrEmpty(error.Advice));
        Assert.False(ImageReference.TryParse(text, out _));
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void Tag_HasAtMost128Characters(int length, bool accepted) =>
        Assert.Equal(accepted, ImageReference.TryParse("app:" + new string('x', length), out _));

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void Repository_HasAtMost255Characters(int length, bool accepted) =>
        Assert.Equal(accepted, ImageReference.TryParse("host.name/" + new string('x', length), out _));

    [Fact]
    public void DefaultTag_IsGivenToABareNameOnly()
    {
        Assert.Equal("app:latest", ImageReference.Parse("app").WithDefaultTag().Familiar);
        Assert.Equal("app:1", ImageReference.Parse("app:1").WithDefaultTag().Familiar);
        Assert.Equal("app@" + Sha, ImageReference.Parse("app@" + Sha).WithDefaultTag().Familiar);
    }
}
