using LayerImage.Engine.Layers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>The same tree has the same DiffID, however and whenever it came to be.</summary>
public sealed class DeterminismTests : IDisposable
{
    private const string Names = "b/ B a-b a b/c b/.d zz ü";
    private readonly TempFolder _folder = new("deterministic-");

    public DeterminismTests() => Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("022", "C", Names)]
    [InlineData("077", "de_DE.UTF-8", "ü b/ zz b/.d b/c a a-b B")]
    public async Task DiffId_IsTheGoldenOne(string umask, string locale, string order)
    {
        await ImageHarness.ShellAsync($"""
            export LC_ALL={locale}; umask {umask}; mkdir '{_folder["tree"]}'; cd '{_folder["tree"]}'
            for name in {order}; do case $name in */) mkdir $name;; *) printf %s $name >$name;; esac; done
            ln zz link; ln -s 'to nowhere' sym; mkfifo fifo; mknod null c 1 3; mknod gone c 0 0; truncate -s 100000 sparse; printf end >>sparse
            chmod 755 . b; chmod 4750 a; chmod 644 b/* b/.d B a-b zz ü sparse; chmod 600 fifo null; chown -h 70000:3000000 B sym
            touch -h -d '2020-02-03 4:5:6.789 UTC' * b/* b/.d .; touch -d '1969-12-31 23:59:58.5 UTC' zz; touch -d '2020-01-01 UTC' b .
            """);
        Assert.Equal("sha256:3c1a3ad3880bd7b50344e2e382f81f0d958ef60e993a95e1f6f8068fd2b069b3", TreeTar.Digest(_folder["tree"], includeRoot: true, ImageHarness.Stop).DiffId.ToString());
    }

    [Fact]
    public async Task LatestTime_MakesTreesOfTwoTimesTheSame()
    {
        DateTimeOffset latest = new(2021, 2, 3, 4, 5, 6, 700, TimeSpan.Zero);
        string[] trees = [_folder["one"], _folder["two"]];
        foreach (string tree in trees)
        {
            await ImageHarness.ShellAsync($"mkdir -p '{tree}/dir'; cd '{tree}'; echo x >dir/new; echo x >old; touch -d '2001-01-01 UTC' old; ln -s x sym; touch -d '2021-02-03 4:5:6.{tree.Length} UTC' dir");
        }
        TreeWalkOptions options = new() { IncludeRoot = true, LatestTime = latest };
        string copy = Directory.CreateDirectory(_folder["copy"]).FullName;

        DigestedTree[] layers = [.. trees.Select(tree => TreeTar.Digest([tree], options, ImageHarness.Stop)), TreeTar.Copy([trees[0]], copy, options, ImageHarness.Stop)];

        Assert.Single(layers.Select(layer => layer.DiffId).Distinct());
        Assert.All(layers, layer => Assert.True(layer.IsAltered));
        Assert.NotEqual(layers[0].DiffId, TreeTar.Digest(trees[0], includeRoot: true, ImageHarness.Stop).DiffId);
        TreeDigest shown = TreeDigest.Of(copy);
        Assert.Equal(latest.ToUnixTimeSeconds() + ".700000000", shown.Entries["dir/new"].Time);
        Assert.Equal("978307200.000000000", shown.Entries["old"].Time);
    }

    [Fact]
    public async Task LeavesOut_TakesADirectoryWithAllThatIsInIt()
    {
        await ImageHarness.ShellAsync($"mkdir -p '{_folder["tree"]}/tmp/deep'; cd '{_folder["tree"]}'; echo x >tmp/deep/file; echo x >kept; mknod gone c 0 0");
        using MemoryStream tar = new();
        TarSink sink = new(tar, keepsTree: false, ImageHarness.Stop);
        LayerTreeWalker walker = new(sink, new TreeWalkOptions { LeavesOut = path => path.ToString() is "tmp" or "gone" }, ImageHarness.Stop);

        walker.Walk([_folder["tree"]]);

        Assert.Equal(1, sink.Entries);
        Assert.True(walker.IsAltered);
    }

    [Fact]
    public async Task Copy_KeepsHoles()
    {
        await ImageHarness.ShellAsync($"mkdir '{_folder["tree"]}' '{_folder["copy"]}'; cd '{_folder["tree"]}'; printf begin >file; truncate -s 30M file; printf end >>file; truncate -s 60M file; truncate -s 5000 empty");

        DigestedTree layer = TreeTar.Copy(_folder["tree"], _folder["copy"], includeRoot: true, ImageHarness.Stop);

        Assert.Empty(TreeDigest.Of(_folder["tree"]).DifferencesTo(TreeDigest.Of(_folder["copy"])));
        Assert.Equal(TreeTar.Digest(_folder["tree"], includeRoot: true, ImageHarness.Stop).DiffId, layer.DiffId);
        Assert.InRange(long.Parse(await ImageHarness.ShellAsync($"stat -c %b '{_folder["copy"]}/file'"), System.Globalization.CultureInfo.InvariantCulture), 8, 64);
        Assert.Equal("0", await ImageHarness.ShellAsync($"stat -c %b '{_folder["copy"]}/empty'"));
    }

    // What only overlayfs or the host understands cannot be said in a tar: such a tree is no layer as it lies.
    [Theory]
    [InlineData("touch x", false)]
    [InlineData("touch x; setfattr -n user.mine -v 1 x; mknod gone c 0 0; mkdir d; setfattr -n trusted.overlay.opaque -v y d; setfattr -n trusted.overlay.origin -v 0 x", false)]
    [InlineData("mkdir d; setfattr -n trusted.overlay.redirect -v /elsewhere d", true)]
    [InlineData("touch x; setfattr -n trusted.overlay.metacopy -v 0 x", true)]
    [InlineData("touch x; setfattr -n user.overlay.redirect -v 0 x", true)]
    [InlineData("perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un(\"sock\")) or die'", true)]
    public async Task IsAltered_TellsWhetherTheTreeCanBeTheLayer(string script, bool expected)
    {
        Assert.SkipWhen(Requires.Tool("setfattr") is not null, Requires.Tool("setfattr") ?? "");
        await ImageHarness.ShellAsync($"mkdir '{_folder["tree"]}'; cd '{_folder["tree"]}'; {script}");
        Assert.Equal(expected, TreeTar.Digest(_folder["tree"], includeRoot: true, ImageHarness.Stop).IsAltered);
    }
}
