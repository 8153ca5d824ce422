using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>
/// The same layers, with everything that a layer can hold and do, unpacked here, by umoci and by podman: every attribute of
/// every file is the same, but for what is listed. (Names that are not UTF-8 and GNU tar itself: <see cref="GnuTarTests"/>.)
/// </summary>
public sealed class LayersLikeOthersTests : IAsyncDisposable
{
    // ACL_USER_OBJ rwx, ACL_USER 1234 rw-, ACL_GROUP_OBJ r--, ACL_MASK rw-, ACL_OTHER r--: linux/posix_acl_xattr.h.
    private static readonly byte[] s_acl = Convert.FromHexString("02000000" + "01000700ffffffff" + "02000600d2040000" + "04000400ffffffff" + "10000600ffffffff" + "20000400ffffffff");
    private readonly LayerHarness _files = new();
    private readonly ImageHarness _harness = new();
    private readonly PodmanStore _podman = new();

    public async ValueTask DisposeAsync()
    {
        _podman.Dispose();
        _files.Dispose();
        await _harness.DisposeAsync();
    }

    [Fact]
    public async Task SameLayers_MakeTheSameTree()
    {
        string? missing = Requires.All(Requires.Tool("umoci"), Requires.Tool("podman"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        BuiltImage image = Build();
        string name = image.PushTo(_harness.Registry, "every/kind");
        image.WriteLayout(_files["layout"]);
        await File.WriteAllBytesAsync(_files["podman.tar"], ImageArchives.Docker((image, ["localhost/every:kind"])).ToTar(), ImageHarness.Stop);

        await _harness.ReceiveAsync(name);
        UnionMount mount = await _harness.Engine.Mounts.MountAsync(new UnionMountRequest { Reference = name }, SilentObserver.Instance, ImageHarness.Stop);
        TreeDigest ours = TreeDigest.Of(mount.Merged);
        await _harness.Engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, ImageHarness.Stop);
        _files.Shell("umoci unpack --image layout:latest bundle");
        TreeDigest umoci = TreeDigest.Of(_files["bundle/rootfs"]);
        await _podman.LoadAsync(_files["podman.tar"]);
        string mounted = await _podman.RunAsync("image mount localhost/every:kind");
        TreeDigest podman = TreeDigest.Of(mounted);
        await _podman.RunAsync("image unmount --all");

        // Go's tar reader takes an attribute without a value for none; times beyond 2262 do not fit Go's nanoseconds, and podman
        // knows none before 1970. podman's mount has a root of its own.
        Assert.Equal(["dir/hard: XAttrs", "plain: XAttrs", "setgid: Time", "zhard: XAttrs"], Named(ours.DifferencesTo(umoci)));
        string[] empty = ["dir/hard: XAttrs", "plain: XAttrs", "zhard: XAttrs"];
        Assert.Equal([".: Gid", ".: Mode", ".: Time", ".: Uid", "setgid: Time", "setuid: Time", "zero: Time"], Named(ours.DifferencesTo(podman)).Except(empty));
        // All of them are podman 4's; podman 5 takes an attribute without a value.
        Assert.Contains(Named(ours.DifferencesTo(podman)).Intersect(empty).Count(), (int[])[0, 3]);
        Assert.Equal("user.binary=00ff0a3d00 user.empty= user.text=68656c6c6f", ours.Entries["plain"].XAttrs);
        Assert.Equal(["10413792000.000000000", "-2.250000000", "-2147472000.000000000"], ((string[])["setgid", "setuid", "zero"]).Select(path => ours.Entries[path].Time));
        Assert.Equal(["file", "directory", "symlink", "fifo", "character", "block"], ours.Entries.Values.Select(entry => entry.Type).Distinct().OrderBy(type => Array.IndexOf(["file", "directory", "symlink", "fifo", "character", "block"], type)));
        Assert.Contains("system.posix_acl_access", ours.Entries["acl"].XAttrs, StringComparison.Ordinal);
        Assert.Contains("security.capability", ours.Entries["capable"].XAttrs, StringComparison.Ordinal);
        Assert.Equal(["directory", "file", "directory"], ((string[])["sticky", "empty", "owneddir"]).Select(path => ours.Entries[path].Type));
        Assert.Equal(["dir/sub/own", "owneddir/again"], ours.Entries.Keys.Where(path => path.StartsWith("dir/sub/", StringComparison.Ordinal) || path.StartsWith("owneddir/", StringComparison.Ordinal)));
        Assert.False(ours.Entries.ContainsKey("none"));
    }

    private static IEnumerable<string> Named(IEnumerable<string> differences) =>
        differences.Select(line => string.Join(' ', line.Split(' ').Take(2))).Order(StringComparer.Ordinal);

    private BuiltImage Build()
    {
        EveryKindOfFile.Make(_files);
        _files.Shell("tar -C src --format=posix --sparse --xattrs --xattrs-include='*' -cf all.tar .");
        byte[] all = File.ReadAllBytes(_files["all.tar"]);
        LayerBuilder.Attributes odd = new() { Uid = 3_000_000, Gid = 70_000, Mode = (UnixFileMode)0b111_101_000, Time = DateTimeOffset.UnixEpoch.AddTicks(1234567) };
        return new ImageBuilder()
            .WithLayer(LayerBlob.From(all, LayerCompression.Gzip))
            .WithLayer(layer => layer
                .Whiteout("none")
                .Directory("dir/", odd).Directory("dir/sub/", odd).Opaque("dir/sub").File("dir/sub/own", "own")
                .File("sticky", "was a folder").File("empty", "was a folder")
                .Whiteout("owneddir").Directory("owneddir/", odd).File("owneddir/again", "again")
                .Bytes(Pax("SCHILY.xattr.system.posix_acl_access", s_acl)).Raw(new UstarHeader("acl") { Mode = 0b111_110_100 }))
            .WithLayer(layer => layer.Whiteout("sticky").Directory("sticky/").File("sticky/in", "a folder again").Directory("./", odd))
            .Build();
    }

    private static byte[] Pax(string key, byte[] value)
    {
        int length = key.Length + value.Length + 3;
        length += $"{length + 2}".Length;
        byte[] record = [.. Encoding.ASCII.GetBytes($"{length} {key}="), .. value, (byte)'\n'];
        return new LayerBuilder().Raw(new UstarHeader("PaxHeaders/x") { Type = 'x', Size = record.Length }, record).ToTar()[..^1024];
    }
}
