using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class ContainerRootTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("layerimage-rootfs-").FullName;

    public ContainerRootTests()
    {
        foreach (string name in (string[])["etc", "bin", "usr/bin", "data"])
        {
            Directory.CreateDirectory(Path.Combine(_folder, name));
        }
        Write("etc/passwd", "# comment\nroot:x:0:0::/root:/bin/sh\nbad line\napp:x:1000:1001::/home/app:/bin/sh\n1234:x:77:77::/n:/x\nnohome:x:5:5::rel:/x\nbig:x:4294967295:0::/:/x\n");
        Write("etc/group", "root:x:0:\nstaff:x:50:app,other\napp:x:1001:\nlogs:x:2000:app\n");
        Write("bin/tool", "#!");
        File.SetUnixFileMode(Path.Combine(_folder, "bin/tool"), (UnixFileMode)0x1ED);
        Write("bin/plain", "");
        File.CreateSymbolicLink(Path.Combine(_folder, "usr/bin/link"), "/bin/tool");
        File.CreateSymbolicLink(Path.Combine(_folder, "usr/bin/out"), "../../../../../../bin/tool");
        File.CreateSymbolicLink(Path.Combine(_folder, "usr/bin/involume"), "/data/tool");
    }

    [Fact]
    public void AddedGroups_ComeAfterTheUsers()
    {
        using ContainerRoot root = new(_folder);

        Assert.Equal([1001u, 50u, 2000u, 7u], ContainerUserResolver.Resolve(root, "app", "7", "staff").Groups);
        Assert.Equal([50u, 2000u], ContainerUserResolver.Resolve(root, "app:staff", "logs").Groups);
        Assert.Equal("none", Assert.Throws<LayerImageException>(() => ContainerUserResolver.Resolve(root, "app", "none")).Target);
    }

    [Theory]
    [InlineData("", 0, 0, "0", "/root")]
    [InlineData("app", 1000, 1001, "1001 50 2000", "/home/app")]
    [InlineData("1000", 1000, 1001, "1001 50 2000", "/home/app")]
    [InlineData("app:staff", 1000, 50, "50", "/home/app")]
    [InlineData("app:7", 1000, 7, "7", "/home/app")]
    [InlineData("4242", 4242, 0, "0", "/")]
    [InlineData("4242:2000", 4242, 2000, "2000", "/")]
    [InlineData("1234", 1234, 0, "0", "/")] // a number is an id, also when a user is named so
    [InlineData("nohome", 5, 5, "5", "/")]
    public void User_IsResolved(string user, uint uid, uint gid, string groups, string home)
    {
        using ContainerRoot root = new(_folder);

        ContainerUser found = ContainerUserResolver.Resolve(root, user);

        Assert.Equal((uid, gid, groups, home), (found.Uid, found.Gid, string.Join(' ', found.Groups), found.Home));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("app:nogroup")]
    [InlineData("-1")]
    [InlineData("4294967295")]
    [InlineData("big")]
    public void User_ThatIsNotThere_IsAnError(string user)
    {
        using ContainerRoot root = new(_folder);

        LayerImageException error = Assert.Throws<LayerImageException>(() => ContainerUserResolver.Resolve(root, user));

        Assert.Equal((EngineError.UserNotFound, user), (error.Error, error.Target));
    }

    [Fact]
    public void Passwd_ThatPointsOutOfTheRoot_IsTheContainersOwn()
    {
        File.Delete(Path.Combine(_folder, "etc/passwd"));
        File.CreateSymbolicLink(Path.Combine(_folder, "etc/passwd"), "../../../../../../../../etc/passwd");
        using ContainerRoot root = new(_folder);

        Assert.Throws<LayerImageException>(() => ContainerUserResolver.Resolve(root, "root"));
    }

    [Fact]
    public void Passwd_ThatIsHuge_IsNotRead()
    {
        using (FileStream file = File.OpenWrite(Path.Combine(_folder, "etc/passwd")))
        {
            file.SetLength(10L << 30);
        }
        using ContainerRoot root = new(_folder);

        Assert.Equal(EngineError.PathInvalid, Assert.Throws<LayerImageException>(() => ContainerUserResolver.Resolve(root, "app")).Error);
    }

    [Theory]
    [InlineData("tool", CommandResolution.Found)]
    [InlineData("/bin/tool", CommandResolution.Found)]
    [InlineData("bin/tool", CommandResolution.Found)]
    [InlineData("link", CommandResolution.Found)]
    [InlineData("out", CommandResolution.Found)] // the link ends at the container's own root
    [InlineData("plain", CommandResolution.NotExecutable)]
    [InlineData("/etc", CommandResolution.NotExecutable)]
    [InlineData("nosuch", CommandResolution.NotFound)]
    [InlineData("/nosuch/tool", CommandResolution.NotFound)]
    [InlineData("", CommandResolution.NotFound)]
    [InlineData("/proc/self/exe", CommandResolution.Unknown)]
    [InlineData("involume", CommandResolution.NotFound)]
    public void Command_IsLookedUp(string command, object expected) => Assert.Equal(expected, (object) Resolve(command, "/etc/hosts"));

    [Theory]
    [InlineData("/data/tool", CommandResolution.Unknown)]
    [InlineData("involume", CommandResolution.Unknown)]
    [InlineData("tool", CommandResolution.Found)]
    [InlineData("plain", CommandResolution.NotExecutable)]
    [InlineData("nosuch", CommandResolution.NotFound)]
    public void Command_MayLieInAVolume(string command, object expected) => Assert.Equal(expected, (object) Resolve(command, "/data"));

    [Fact]
    public void WorkingDirectory_IsMadeInsideTheRoot()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "abs"), "/data");
        using ContainerRoot root = new(_folder);

        root.EnsureDirectory("/abs/x/y");
        root.EnsureDirectory("/abs/x/y");
        root.EnsureDirectory("/");

        Assert.True(Directory.Exists(Path.Combine(_folder, "data/x/y")));
        Assert.Equal(EngineError.PathInvalid, Assert.Throws<LayerImageException>(() => root.EnsureDirectory("/etc/passwd/x")).Error);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private CommandResolution Resolve(string command, string mountPoint)
    {
        using ContainerRoot root = new(_folder);
        return CommandResolver.Resolve(root, command, "/usr/bin:/bin", "/", [mountPoint]);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
