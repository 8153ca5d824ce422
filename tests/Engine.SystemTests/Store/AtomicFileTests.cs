using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>Small files: whose they are, and who may read them.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class AtomicFileTests : IDisposable
{
    private const UnixFileMode Shared = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly TempFolder _folder = new("atomic-");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AnotherUsersFile_StaysTheirs_WithItsMode()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        string path = _folder["config.json"];
        File.WriteAllText(path, "{}");
        File.SetUnixFileMode(path, Shared);
        using (Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path))
        {
            Libc.ChownAt(file, default, 1234, 2345);
        }

        AtomicFile.WriteKeepingOwner(path, "new"u8);

        Assert.True(Libc.TryStat(path, out FileStatus status));
        Assert.Equal((1234u, 2345u, "new"), ((uint)status.Uid, (uint)status.Gid, File.ReadAllText(path)));
        Assert.Equal(Shared, File.GetUnixFileMode(path));
        Assert.Single(Directory.EnumerateFiles(_folder[""]));
    }

    [Fact]
    public void OwnFile_IsForItsOwnerAlone()
    {
        string path = _folder["config.json"];

        AtomicFile.WriteKeepingOwner(path, "secret"u8);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    // A link in the file's place is not followed, and what it leads to keeps its owner and its content.
    [Fact]
    public void Link_IsReplaced_NotFollowed()
    {
        string path = _folder["config.json"], other = _folder["other"];
        File.WriteAllText(other, "untouched");
        File.CreateSymbolicLink(path, other);

        AtomicFile.WriteKeepingOwner(path, "new"u8);

        Assert.Equal(("untouched", "new", null), (File.ReadAllText(other), File.ReadAllText(path), new FileInfo(path).LinkTarget));
    }
}
