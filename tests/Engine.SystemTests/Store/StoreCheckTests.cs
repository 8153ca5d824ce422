using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>A store that something has damaged: found by the right check, named with the images, mended, clean afterwards.</summary>
public sealed class StoreCheckTests
{
    private const string Odd = "some/image";

    public enum Check
    {
        Quick,
        Full,
    }

    [Fact]
    public async Task WholeStore_IsClean()
    {
        await using ImageHarness harness = new();
        await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        await harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a", "a")).Build().PushTo(harness.Registry, "other/image"));

        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    // The shell runs in the layer's folder; L is the layer's path, B its blob's.
    [Theory]
    [InlineData("printf X | dd of=etc/passwd bs=1 seek=2 conv=notrunc status=none", IntegrityIssueKind.LayerDamaged, Check.Full, "etc/passwd")]
    [InlineData("chmod 4711 bin/tool", IntegrityIssueKind.LayerDamaged, Check.Full, "the mode 04711")]
    [InlineData("chmod 700 etc", IntegrityIssueKind.LayerDamaged, Check.Full, "the mode 0700")]
    [InlineData("chown 7:8 bin/tool; chmod 755 bin/tool", IntegrityIssueKind.LayerDamaged, Check.Full, "7:8")]
    [InlineData("chown -h 7:8 link", IntegrityIssueKind.LayerDamaged, Check.Full, "7:8")]
    [InlineData("rm bin/tool", IntegrityIssueKind.LayerDamaged, Check.Full, "is missing")]
    [InlineData("touch -d 2024-02-29T12:00:00Z etc/new; touch -d 2024-02-29T12:00:00Z etc", IntegrityIssueKind.LayerDamaged, Check.Full, "etc/new")]
    [InlineData("touch -d 2001-01-01 bin/tool", IntegrityIssueKind.LayerDamaged, Check.Full, "modification time")]
    [InlineData("setfattr -n user.added -v x etc/passwd", IntegrityIssueKind.LayerDamaged, Check.Full, "user.added")]
    [InlineData("setfattr -x user.kept etc/passwd", IntegrityIssueKind.LayerDamaged, Check.Full, "lacks the extended attribute user.kept")]
    [InlineData("setfattr -n user.kept -v other etc/passwd", IntegrityIssueKind.LayerDamaged, Check.Full, "another extended attribute")]
    [InlineData("setfattr -n trusted.overlay.opaque -v y etc", IntegrityIssueKind.LayerDamaged, Check.Full, "hides what is below")]
    [InlineData("setfattr -x trusted.overlay.opaque hidden", IntegrityIssueKind.LayerDamaged, Check.Full, "does not hide")]
    [InlineData("rm gone; touch gone", IntegrityIssueKind.LayerDamaged, Check.Full, "instead of a whiteout")]
    [InlineData("rm link; ln -s elsewhere link", IntegrityIssueKind.LayerDamaged, Check.Full, "links to 'elsewhere'")]
    [InlineData("cp -p bin/tool t; rm bin/same; mv t bin/same; touch -d 2024-02-29T12:00:00Z . bin", IntegrityIssueKind.LayerDamaged, Check.Full, "file of its own")]
    [InlineData("rm pipe; mkdir pipe", IntegrityIssueKind.LayerDamaged, Check.Full, "a directory instead of a fifo")]
    [InlineData("rm -r \"$L\"", IntegrityIssueKind.LayerMissing, Check.Quick, "missing")]
    [InlineData("rm -r \"$L\"; touch \"$L\"", IntegrityIssueKind.LayerMissing, Check.Quick, "something else is in its place")]
    [InlineData("rm -r \"$L\"; ln -s / \"$L\"", IntegrityIssueKind.LayerMissing, Check.Quick, "something else is in its place")]
    [InlineData("rm -r \"$L\"; ln -s /nowhere \"$L\"", IntegrityIssueKind.LayerMissing, Check.Quick, "something else is in its place")]
    [InlineData("rm \"$B\"; mkdir \"$B\"; touch \"$B/x\"", IntegrityIssueKind.BlobDamaged, Check.Quick, "not a file")]
    [InlineData("rm \"$B\"; mkfifo \"$B\"", IntegrityIssueKind.BlobDamaged, Check.Quick, "not a file")]
    [InlineData("ln -sf /etc/passwd \"$B\"", IntegrityIssueKind.BlobDamaged, Check.Quick, "not a file")]
    [InlineData("printf X | dd of=\"$B\" bs=1 seek=40 conv=notrunc status=none", IntegrityIssueKind.BlobDamaged, Check.Full, "damaged")]
    [InlineData("truncate -s 20 \"$B\"", IntegrityIssueKind.BlobDamaged, Check.Quick, "20 bytes")]
    [InlineData("rm \"$B\"", IntegrityIssueKind.BlobMissing, Check.Quick, "missing")]
    public async Task Damage_IsFoundNamedAndMended(string damage, IntegrityIssueKind kind, Check check, string says)
    {
        await using ImageHarness harness = new();
        Image image = await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        await harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a", "a")).Build().PushTo(harness.Registry, "other/image"));
        ImageLayer layer = image.Layers[1];
        if (!TrySetXAttr(layer.Path!, damage.Split(' ')))
        {
            await ImageHarness.ShellAsync($"L='{layer.Path}'; B='{harness.Layout.Blob(Oci.Digest.Parse(layer.Digest!))}'; cd \"$L\"; {damage}");
        }

        Assert.Equal(check == Check.Quick, (await TestAsync(harness, Check.Quick)).Count > 0);
        IntegrityIssue issue = Assert.Single(await TestAsync(harness, Check.Full));

        Assert.Equal(kind, issue.Kind);
        Assert.Contains(says, issue.Message, StringComparison.Ordinal);
        Assert.Equal([image.Tags[0]], issue.Images);
        Assert.Equal(kind is IntegrityIssueKind.BlobDamaged or IntegrityIssueKind.BlobMissing ? layer.Digest : layer.DiffId, issue.Digest);
        Assert.True(issue.IsRepairable);

        int before = harness.Registry.Requests.Count;
        StoreRepair repair = await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop);

        Assert.True(repair.IsRepaired, repair.Message);
        Assert.Empty(await TestAsync(harness, Check.Full));
        // A layer is unpacked from what is here; of a blob just that one comes.
        Assert.Equal(kind is IntegrityIssueKind.BlobDamaged or IntegrityIssueKind.BlobMissing ? 1 : 0, harness.Registry.Requests.Skip(before).Count(request => request.ToString().Contains("/blobs/", StringComparison.Ordinal)));
        harness.AssertRecordsFitFiles();
    }

    // A directory that the tar does not describe looks as the one below.
    [Theory]
    [InlineData("chmod 700 dir", "/dir has the mode 0700 instead of 0750")]
    [InlineData("chown 8:8 dir", "/dir belongs to 8:8 instead of 7:0")]
    [InlineData("touch dir/sub", "/dir/sub has another modification time")]
    [InlineData("setfattr -x user.x dir", "/dir has other extended attributes")]
    public async Task ImpliedDirectory_IsComparedWithTheOneBelow(string damage, string says)
    {
        await using ImageHarness harness = new();
        Image image = await harness.ReceiveAsync(new ImageBuilder()
            .WithLayer(layer => layer.Directory("dir/", new() { Uid = 7, Mode = (UnixFileMode)0b111_101_000, XAttrs = new Dictionary<string, string> { ["user.x"] = "y" } }).Directory("dir/sub/").File("dir/sub/a"))
            .WithLayer(layer => layer.File("dir/sub/b").SymbolicLink("link", "dir").File("link/other/c").File("own/d")).Build().PushTo(harness.Registry, "some/image"));
        Assert.Empty(await TestAsync(harness, Check.Full));

        await ImageHarness.ShellAsync($"cd '{image.Layers[1].Path}'; {damage}");

        IntegrityIssue issue = Assert.Single(await TestAsync(harness, Check.Full));
        Assert.Contains(says, issue.Message, StringComparison.Ordinal);
        Assert.True((await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop)).IsRepaired);
        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    [Fact]
    public async Task LayerAndItsBlob_AreMendedOneAfterTheOther()
    {
        await using ImageHarness harness = new();
        Image image = await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        await ImageHarness.ShellAsync($"echo junk >>'{image.Layers[1].Path}/etc/passwd'; echo junk >>'{harness.Layout.Blob(Oci.Digest.Parse(image.Layers[1].Digest!))}'; rm -r '{image.Layers[2].Path}'; rm '{harness.Layout.Blob(Oci.Digest.Parse(image.Layers[2].Digest!))}' '{harness.Layout.Blob(Oci.Digest.Parse(image.Digest!))}'");

        for (int round = 0; round < 2; round++)
        {
            foreach (IntegrityIssue issue in (await TestAsync(harness, Check.Full)).OrderByDescending(issue => issue.Kind))
            {
                StoreRepair repair = await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop);
                Assert.True(repair.IsRepaired, repair.Message);
            }
        }

        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    // A store without foreign keys, as a careless hand would have it.
    [Theory]
    [InlineData("DELETE FROM blob WHERE digest = (SELECT blob FROM image_layer WHERE position = 1)", IntegrityIssueKind.BlobNotRecorded)]
    [InlineData("DELETE FROM blob WHERE digest IN (SELECT id FROM image)", IntegrityIssueKind.BlobNotRecorded)]
    [InlineData("UPDATE blob SET size = size + 1 WHERE digest = (SELECT blob FROM image_layer WHERE position = 1)", IntegrityIssueKind.BlobDamaged)]
    [InlineData("UPDATE blob SET size = size + 1 WHERE digest IN (SELECT id FROM image)", IntegrityIssueKind.BlobDamaged)]
    [InlineData("DELETE FROM layer WHERE key = (SELECT layer FROM image_layer WHERE position = 1)", IntegrityIssueKind.LayerNotRecorded)]
    [InlineData("DELETE FROM layer WHERE key = (SELECT layer FROM image_layer WHERE position = 2)", IntegrityIssueKind.LayerNotRecorded)]
    [InlineData("INSERT INTO layer VALUES ('ab', 'sha256:' || hex(zeroblob(32)), 0, 0, 0, 0, 0, NULL)", IntegrityIssueKind.LayerMissing)]
    public async Task MissingAndExtraRecords_AreFoundByTheQuickCheck(string sql, IntegrityIssueKind kind)
    {
        await using ImageHarness harness = new();
        Image image = await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        await ExecuteAsync(harness, sql);

        IntegrityIssue issue = Assert.Single(await TestAsync(harness, Check.Quick));

        Assert.Equal(kind, issue.Kind);
        if (kind == IntegrityIssueKind.LayerMissing)
        {
            Assert.Empty(issue.Images);
            Clear(harness); // nobody needs it, so it goes with the garbage
        }
        else
        {
            Assert.Equal([image.Tags[0]], issue.Images);
            StoreRepair repair = await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop);
            Assert.True(repair.IsRepaired, repair.Message);
        }
        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    [Fact]
    public async Task FilesWithoutRecords_AreLeftovers()
    {
        await using ImageHarness harness = new();
        await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        await ImageHarness.ShellAsync($"cd '{harness.Layout.Root}'; mkdir -p layers/abc/etc containers/def scratch/dead mounts/ghi/upper ingest/jkl content/blobs/sha256/folder; touch layers/file containers/file scratch/file; ln -s /etc layers/link; ln -s /nowhere scratch/link; mkfifo ingest/pipe; touch -d 2020-01-01 content/blobs/sha256/folder; echo x >layers/abc/etc/x; echo x >content/blobs/sha256/{new string('a', 64)}; touch -d 2020-01-01 content/blobs/sha256/x.tmp");

        List<IntegrityIssue> issues = await TestAsync(harness, Check.Quick);

        Assert.All(issues, issue => Assert.Equal(IntegrityIssueKind.Leftover, issue.Kind));
        Assert.Equal(14, issues.Count);
        foreach (IntegrityIssue issue in issues)
        {
            Assert.True((await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop)).IsRepaired);
            Assert.False(StoreEntry.Exists(issue.Path), issue.Path);
        }
        Assert.Empty(await TestAsync(harness, Check.Full));
        Assert.True(File.Exists("/etc/passwd"));
    }

    [Fact]
    public async Task LostDirectoryOfALayer_IsMadeAgainByWhoeverNeedsIt()
    {
        await using ImageHarness harness = new();
        string reference = Build().PushTo(harness.Registry, Odd);
        Image image = await harness.ReceiveAsync(reference);
        int before = harness.Requests("/blobs/");

        Directory.Delete(image.Layers[1].Path!, recursive: true);
        await harness.ReceiveAsync(reference);
        Assert.Empty(await TestAsync(harness, Check.Full));

        Directory.Delete(image.Layers[1].Path!, recursive: true);
        Directory.Delete(image.Layers[2].Path!, recursive: true);
        await harness.Engine.Images.GetTreeAsync(image, SilentObserver.Instance, ImageHarness.Stop);
        Assert.Empty(await TestAsync(harness, Check.Full));
        Assert.Equal(before + 1, harness.Requests("/blobs/")); // the configuration, to receive by
    }

    [Theory]
    [InlineData("rm \"$B\"")]
    [InlineData("truncate -s 20 \"$B\"")]
    [InlineData("rm \"$C\"")]
    [InlineData("echo >\"$C\"")]
    [InlineData("echo >\"$M\"")]
    public async Task LostBlob_ComesWithTheImage(string damage)
    {
        await using ImageHarness harness = new();
        string reference = Build().PushTo(harness.Registry, Odd);
        Image image = await harness.ReceiveAsync(reference);
        string at(string? digest) => harness.Layout.Blob(Oci.Digest.Parse(digest!));
        await ImageHarness.ShellAsync($"B='{at(image.Layers[1].Digest)}'; C='{at(image.Id)}'; M='{at(image.Digest)}'; {damage}");

        await harness.ReceiveAsync(reference);

        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    // No registry has what was imported: the same archive brings it again.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DamagedBlobOfAnImport_ComesWithTheSameImport(bool ofLayer)
    {
        await using ImageHarness harness = new();
        Image received = await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        string archive = harness.Store["image.tar"];
        await harness.Engine.Images.ExportAsync([new ImageToExport(received, [.. received.Tags])], archive, new ExportOptions(), SilentObserver.Instance, ImageHarness.Stop);
        harness.Engine.Images.Remove(received, null, force: true, pretend: false);
        Image image = await harness.Engine.Images.ImportAsync(archive, null, message: null, ImageHarness.Stop);
        string blob = harness.Layout.Blob(Oci.Digest.Parse(ofLayer ? image.Layers[1].Digest! : image.Id));
        await ImageHarness.ShellAsync($"printf X | dd of='{blob}' bs=1 seek=40 conv=notrunc status=none");

        IntegrityIssue issue = Assert.Single(await TestAsync(harness, Check.Full));
        Assert.False(issue.IsRepairable);
        StoreRepair repair = await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop);
        Assert.False(repair.IsRepaired);
        Assert.Contains("import", repair.Message, StringComparison.Ordinal);
        await harness.Engine.Images.ImportAsync(archive, null, message: null, ImageHarness.Stop);

        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    [Fact]
    public async Task DamagedConfigurationOfAnImport_IsPutAgainByTheSameImport()
    {
        await using ImageHarness harness = new();
        Image received = await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        string archive = harness.Store["image.tar"];
        await harness.Engine.Images.ExportAsync([new ImageToExport(received, [.. received.Tags])], archive, new ExportOptions(), SilentObserver.Instance, ImageHarness.Stop);
        await File.WriteAllTextAsync(harness.Layout.Blob(Oci.Digest.Parse(received.Id)), "{}", ImageHarness.Stop);

        await harness.Engine.Images.ImportAsync(archive, null, message: null, ImageHarness.Stop);

        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    [Fact]
    public async Task ImageWithDamagedConfiguration_CanBeRemoved()
    {
        await using ImageHarness harness = new();
        Directory.CreateDirectory(harness.Store["root"]);
        foreach (bool byRepair in (bool[])[true, false])
        {
            await File.WriteAllTextAsync(harness.Store["root/file"], $"{byRepair}", ImageHarness.Stop);
            Image image = await harness.Engine.Images.ImportAsync(harness.Store["root"], "made:here", message: null, ImageHarness.Stop);
            await File.WriteAllTextAsync(harness.Layout.Blob(Oci.Digest.Parse(image.Id)), "{}", ImageHarness.Stop);
            IntegrityIssue issue = Assert.Single(await TestAsync(harness, Check.Full));
            Assert.Equal(EngineError.LayerCorrupt, Assert.Throws<LayerImageException>(() => harness.Engine.Images.Get("made:here").Layers.Count).Error);
            if (byRepair)
            {
                Assert.True((await harness.Engine.Store.RepairAsync(issue, removeLost: true, SilentObserver.Instance, ImageHarness.Stop)).IsRepaired);
            }
            else
            {
                harness.Engine.Images.Remove(harness.Engine.Images.Get("made:here"), "made:here", force: false, pretend: false);
            }
            harness.AssertNothingLeft();
        }
    }

    [Fact]
    public async Task LostFolderOfAContainer_IsTold()
    {
        string? missing = Requires.All(Requires.Tool("crun"), Requires.Tool("conmon"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        await using ImageHarness harness = new();
        string reference = Build().PushTo(harness.Registry, Odd);
        Container container = await harness.Engine.Containers.CreateAsync(new ContainerRequest { Image = reference, Network = NetworkMode.None, Command = ["sh"] }, SilentObserver.Instance, ImageHarness.Stop);

        Directory.Delete(harness.Layout.Container(container.Id), recursive: true);

        IntegrityIssue issue = Assert.Single(await TestAsync(harness, Check.Quick));
        Assert.Equal((IntegrityIssueKind.ContainerMissing, false), (issue.Kind, issue.IsRepairable));
        Assert.Equal([container.Name], issue.Containers);
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => harness.Engine.Containers.StartAsync(container.Id, null, SilentObserver.Instance, ImageHarness.Stop));
        Assert.Contains("Test-LayerStore", error.Advice, StringComparison.Ordinal);
    }

    // To replace a layer under a union would take its files away.
    [Fact]
    public async Task MountedLayer_IsNotReplaced()
    {
        await using ImageHarness harness = new();
        Image image = await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        UnionMount mount = await harness.Engine.Mounts.MountAsync(new UnionMountRequest { Reference = image.Tags[0], Path = harness.Store["at"] }, SilentObserver.Instance, ImageHarness.Stop);
        await ImageHarness.ShellAsync($"chmod 700 '{image.Layers[1].Path}/etc'");

        IntegrityIssue issue = Assert.Single(await TestAsync(harness, Check.Full));
        Assert.False(issue.IsRepairable);
        Assert.Contains(mount.Merged, issue.Message, StringComparison.Ordinal);
        StoreRepair refused = await harness.Engine.Store.RepairAsync(issue, removeLost: true, SilentObserver.Instance, ImageHarness.Stop);
        Assert.False(refused.IsRepaired);
        Assert.Contains("Dismount-LayerImage", refused.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(mount.Merged + "/etc/passwd"));

        await harness.Engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, ImageHarness.Stop);
        Assert.True((await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop)).IsRepaired);
        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    [Fact]
    public async Task LayerMadeHere_IsCheckedByItsDigestAndLostForGood()
    {
        await using ImageHarness harness = new();
        Directory.CreateDirectory(harness.Store["root/etc"]);
        await File.WriteAllTextAsync(harness.Store["root/etc/file"], "content", ImageHarness.Stop);
        Image image = await harness.Engine.Images.ImportAsync(harness.Store["root"], "made:here", null, ImageHarness.Stop);
        Assert.Empty(await TestAsync(harness, Check.Full));

        await File.AppendAllTextAsync(Path.Combine(image.Layers[0].Path!, "etc/file"), "more", ImageHarness.Stop);
        IntegrityIssue issue = Assert.Single(await TestAsync(harness, Check.Full));
        Assert.False(issue.IsRepairable);
        StoreRepair repair = await harness.Engine.Store.RepairAsync(issue, removeLost: false, SilentObserver.Instance, ImageHarness.Stop);
        Assert.False(repair.IsRepaired);
        Assert.Single(harness.Engine.Images.List());

        repair = await harness.Engine.Store.RepairAsync(issue, removeLost: true, SilentObserver.Instance, ImageHarness.Stop);
        Assert.Contains("made:here", repair.Message, StringComparison.Ordinal);
        Assert.Empty(harness.Engine.Images.List());
        Assert.Empty(await TestAsync(harness, Check.Full));
    }

    [Fact]
    public async Task FullCheck_CanBeStopped()
    {
        await using ImageHarness harness = new();
        await harness.ReceiveAsync(Build().PushTo(harness.Registry, Odd));
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await harness.Engine.Store.TestAsync(full: true, SilentObserver.Instance, stop.Token).ToListAsync(ImageHarness.Stop));
    }

    internal static async Task<List<IntegrityIssue>> TestAsync(ImageHarness harness, Check check) =>
        await harness.Engine.Store.TestAsync(check == Check.Full, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop);

    // setfattr(1) is not everywhere.
    private static bool TrySetXAttr(string folder, string[] words)
    {
        switch (words)
        {
            case ["setfattr", "-n", var name, "-v", var value, var path]:
                Libc.SetXAttr(Path.Combine(folder, path), name, System.Text.Encoding.UTF8.GetBytes(value));
                return true;
            case ["setfattr", "-x", var name, var path]:
                Libc.RemoveXAttr(Path.Combine(folder, path), name);
                return true;
            default:
                return false;
        }
    }

    private static void Clear(ImageHarness harness) => Assert.NotEmpty(harness.Engine.Store.Clear(harness.Engine.Store.FindGarbage()).ToList());

    private static async Task ExecuteAsync(ImageHarness harness, string sql)
    {
        await using Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={harness.Layout.Database};Pooling=False;Foreign Keys=False");
        await connection.OpenAsync(ImageHarness.Stop);
        await using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(await command.ExecuteNonQueryAsync(ImageHarness.Stop) > 0);
    }

    // The upper layer has all that a layer can have; the one above takes its folders from below.
    private static BuiltImage Build() => new ImageBuilder()
        .WithLayer(layer => layer.Directory("./").Directory("var/").Directory("var/lib/", new LayerBuilder.Attributes { Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute, Uid = 5 }).File("var/lib/x", "x").File("gone", "x").Directory("hidden/").File("hidden/old"))
        .WithLayer(layer => layer.Directory("./").Directory("bin/").File("bin/tool", new string('t', 300_000), new LayerBuilder.Attributes { Mode = (UnixFileMode)0b111_101_101 })
            .HardLink("bin/same", "bin/tool").Directory("etc/").File("etc/passwd", "root", new LayerBuilder.Attributes { XAttrs = new Dictionary<string, string> { ["user.kept"] = "value" } })
            .SymbolicLink("link", "etc/passwd").Whiteout("gone").Directory("hidden/").Opaque("hidden").File("hidden/new").Fifo("pipe").File("twice", "first").HardLink("first", "twice").File("twice", "second"))
        .WithLayer(layer => layer.File("var/lib/y", "y").SymbolicLink("run", "var/lib").File("run/z", "through a link"))
        .Build();
}
