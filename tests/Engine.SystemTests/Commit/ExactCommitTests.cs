using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.SystemTests.Containers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>
/// What a container of the new image shows is what the container showed, over every attribute: for one that ran (copied) and
/// one that had stopped (its upper directory becomes the layer).
/// </summary>
[Collection("Containers")]
public sealed class ExactCommitTests
{
    private const string Attributes = "echo x >attr; setfattr -n user.mine -v one attr; setfattr -n trusted.their -v 0x00ff attr; mkdir d; setfattr -n user.dir -v two d; cp bin/busybox cap; setcap cap_net_raw+ep cap; echo y >acl; setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff02000400d204000004000400ffffffff10000400ffffffff20000400ffffffff acl; cp -a attr attr2; ln -s attr sym; setfattr -h -n trusted.sym -v s sym";
    private const string AttributesOnly = "setfattr -n user.mine -v one bin/busybox; setcap cap_chown,cap_net_raw+eip bin/busybox";
    private const string Names = "perl -e 'open(my $f, \">\", \"\\xff\\xfe name\") or die; print $f \"x\"; close $f; mkdir(\"dir\\x80\") or die; symlink(\"\\xc3\\x28\", \"dir\\x80/l\\nk\") or die; link(\"\\xff\\xfe name\", \"dir\\x80/second\") or die'";
    private const string Sparse = "truncate -s 64M hole; truncate -s 5M ends; printf end >>ends; printf begin >begins; truncate -s 3M begins; dd if=/dev/urandom of=middle bs=4k count=3 seek=700 status=none; truncate -s 8M middle";
    private const string Large = "dd if=/dev/urandom of=large bs=1000001 count=3 status=none; head -c 262144 /dev/urandom >piece; head -c 262145 /dev/urandom >piece1; head -c 1048576 /dev/urandom >mega; : >empty";
    private const string Many = "for d in $(seq 20); do mkdir m$d; for i in $(seq 1000); do echo $d $i >m$d/$i; done; done";
    private const string Changes = "chmod 700 bin; chown 5:6 srv; rm -r etc/skel; mv etc/base etc/renamed; rm etc/link; mkdir etc/link; echo x >etc/link/x; rm -r srv/old; mkdir srv/old; echo new >srv/old/new; echo more >>srv/two; mv srv/dir srv/dir2 || { cp -a srv/dir srv/dir2; rm -r srv/dir; }; perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un(\"sock\")) or die'";

    [Theory]
    [InlineData("attributes", Attributes, true)]
    [InlineData("attributes", Attributes, false)]
    [InlineData("attributes only", AttributesOnly, true)]
    [InlineData("attributes only", AttributesOnly, false)]
    [InlineData("sparse", Sparse, true)]
    [InlineData("sparse", Sparse, false)]
    [InlineData("pieces", Large, true)]
    [InlineData("20,000 small files", Many, true)]
    [InlineData("20,000 small files", Many, false)]
    [InlineData("changes of the image's files", Changes, true)]
    [InlineData("changes of the image's files", Changes, false)]
    public async Task Committed_ShowsWhatTheContainerShowed(string what, string script, bool running)
    {
        Assert.NotEmpty(what);
        await using ContainerHarness harness = await ContainerHarness.CreateAsync(inMemory: script == Many);
        Image image = await MakeBaseAsync(harness);
        Container container = await RunAsync(harness, image.Id);
        TreeDigest before = await ChangeAsync(harness, container, script);
        if (!running)
        {
            await harness.Containers.StopAsync(container.Id, TimeSpan.Zero, null, ImageHarness.Stop);
        }

        Image committed = await CommitAsync(harness, container);

        Assert.Equal(image.Layers.Count + 1, committed.Layers.Count);
        Assert.Empty(Differences(before, await ShowAsync(harness, committed)));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task NamesThatAreNotUtf8_AreKept(bool running, bool squash)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await RunAsync(harness, "box");
        await ImageHarness.ShellAsync($"umask 022; cd '{harness.Layout.Merged(container.Id)}'; {Names}");
        string before = await ListAsync(harness, container);
        if (!running)
        {
            await harness.Containers.StopAsync(container.Id, TimeSpan.Zero, null, ImageHarness.Stop);
        }

        Image committed = await CommitAsync(harness, container, new CommitOptions { Squash = squash });

        Assert.Contains("ff fe 20 6e 61 6d 65", before, StringComparison.Ordinal);
        Assert.Equal(before, await ListAsync(harness, await RunAsync(harness, committed.Id)));
        foreach (Container one in await harness.Containers.ListAsync(ImageHarness.Stop))
        {
            await harness.Containers.RemoveAsync(one.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        }
        await ImageHarness.ShellAsync($"rm -r '{harness.Layout.Layers}'"); // .NET cannot
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Squashed_IsOneLayerThatShowsTheSame(bool running)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Image image = await MakeBaseAsync(harness);
        Container container = await RunAsync(harness, image.Id);
        TreeDigest before = await ChangeAsync(harness, container, $"{Changes}; rm sock; {AttributesOnly}");
        if (!running)
        {
            await harness.Containers.StopAsync(container.Id, TimeSpan.Zero, null, ImageHarness.Stop);
            _ = await CommitAsync(harness, container); // its upper directory is a layer now
        }

        Image squashed = await CommitAsync(harness, container, new CommitOptions { Reference = "squashed", Squash = true, Message = "one" });

        ImageLayer layer = Assert.Single(squashed.Layers);
        Assert.Empty(Differences(before, await ShowAsync(harness, squashed)));
        Assert.DoesNotContain(TreeDigest.Of(layer.Path!).Entries.Values, entry => entry.Device == "0:0");
        Assert.Equal(1, squashed.Config.History!.Count(entry => entry.EmptyLayer != true));
        Assert.Equal("one", squashed.Config.History![^1].Comment);
        Assert.Equal(image.Config.History!.Count + (running ? 1 : 2), squashed.Config.History.Count);
    }

    [Fact]
    public async Task Squashed_TakesNoChosenChanges()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.NewAsync("true");

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => CommitAsync(harness, container, new CommitOptions { Squash = true, Excludes = path => path == "/tmp" }));

        Assert.Equal(EngineError.ParameterInvalid, error.Error);
    }

    // Two layers: the upper one deletes and replaces what the lower one has.
    private static async Task<Image> MakeBaseAsync(ContainerHarness harness)
    {
        Container first = await RunAsync(harness, "box");
        await ChangeAsync(harness, first, "mkdir -p dev proc sys etc/skel/deep srv/old srv/dir/sub; echo 1 >etc/skel/deep/1; echo b >etc/base; ln -s base etc/link; echo o >srv/old/o; echo two >srv/two; ln srv/two srv/too; echo s >srv/dir/sub/s; : >etc/hosts; : >etc/hostname; : >etc/resolv.conf; echo gone >gone");
        Image below = await CommitAsync(harness, first);
        Container second = await RunAsync(harness, below.Id);
        await ChangeAsync(harness, second, "rm gone; rm -r srv/old; mkdir srv/old; echo p >srv/old/p");
        return await CommitAsync(harness, second);
    }

    private static Task<Container> RunAsync(ContainerHarness harness, string image) => harness.Containers.RunAsync(
        new ContainerRequest { Image = image, Command = ["sleep", "1000"], Network = NetworkMode.None }, null, SilentObserver.Instance, ImageHarness.Stop);

    private static Task<Image> CommitAsync(ContainerHarness harness, Container container, CommitOptions? options = null) =>
        harness.Engine.Commits.CommitAsync(container.Id, options ?? new CommitOptions(), SilentObserver.Instance, ImageHarness.Stop);

    private static async Task<TreeDigest> ChangeAsync(ContainerHarness harness, Container container, string script)
    {
        string merged = harness.Layout.Merged(container.Id);
        await ImageHarness.ShellAsync($"umask 022; cd '{merged}'; {script}");
        return TreeDigest.Of(merged);
    }

    // As hexadecimal digits: a tree digest's names are texts. What the engine mounts on is not the image's.
    private static Task<string> ListAsync(ContainerHarness harness, Container container) => ImageHarness.ShellAsync(
        $"cd '{harness.Layout.Merged(container.Id)}'; export LC_ALL=C; find . -path ./dev -prune -o -path ./proc -prune -o -path ./sys -prune -o -path ./etc -prune -o -name . -o -printf '%P|%y|%m|%U|%G|%n|%T@|%l\\n' | sort | od -An -v -tx1 -w1000000; find . -type f -path '*name*' -exec sha256sum {{}} + | sort");

    private static async Task<TreeDigest> ShowAsync(ContainerHarness harness, Image image)
    {
        Container container = await RunAsync(harness, image.Id);
        return TreeDigest.Of(harness.Layout.Merged(container.Id));
    }

    // A socket is left out, and told: see CommitTests. A link's size is the file system's affair.
    private static IEnumerable<string> Differences(TreeDigest before, TreeDigest after) => before.DifferencesTo(after)
        .Where(line => !line.EndsWith(" sock", StringComparison.Ordinal) && (line.Split(": Size ") is not [string path, _] || before.Entries[path].Type == "file"));
}
