using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>A layer of chosen changes has these, with their parents as directories, and nothing else.</summary>
public sealed class CommitSelectionTests : IAsyncLifetime
{
    private readonly CommitHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData("a file", "mkdir -p new/sub; echo x >new/sub/x; echo y >new/sub/y; echo z >file", "/new/sub/x", "new/ new/sub/ new/sub/x")]
    [InlineData("a directory without its content", "mkdir -p new/sub; echo x >new/sub/x", "/new/sub", "new/ new/sub/")]
    [InlineData("a deletion", "rm file; rm dir/a; rm dir/b", "/dir/a", "dir/ dir/.wh.a")]
    [InlineData("no deletion", "rm file; echo x >new", "/new", "new")]
    [InlineData("an addition in a replaced directory", "rm -r dir; mkdir dir; echo x >dir/new", "/dir/new", "dir/ dir/new")]
    [InlineData("a deletion in a replaced directory", "rm -r dir; mkdir dir; echo x >dir/new", "/dir/b", "dir/ dir/.wh.b")]
    [InlineData("a deletion in a directory made anew in a replaced one", "rm -r dir; mkdir -p dir/sub; echo x >dir/sub/new", "/dir/sub/deep", "dir/ dir/sub/ dir/sub/.wh.deep")]
    [InlineData("the second of two names", "echo x >one; ln one two", "/two", "two")]
    [InlineData("both of two names", "echo x >one; ln one two", "/one /two", "one two")]
    [InlineData("a directory in place of a file", "rm file; mkdir file; echo x >file/x", "/file/x", "file/ file/x")]
    [InlineData("a file in place of a directory", "rm -r dir; echo x >dir", "/dir", "dir")]
    [InlineData("nothing", "echo x >new", "", "")]
    public async Task Only_IsWhatTheLayerHas(string what, string script, string only, string expected)
    {
        Assert.NotEmpty(what);
        Container container = await _harness.CreateAsync();
        await _harness.ChangeAsync(container, script);

        Image image = await _harness.CommitAsync(container, new CommitOptions { Reference = "chosen:1", Only = only.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet() });

        if (expected.Length == 0)
        {
            Assert.Single(image.Layers);
            Assert.True(image.Config.History![^1].EmptyLayer);
            return;
        }
        Assert.Equal(expected.Split(' '), await _harness.NamesAsync(image));
        Assert.Empty(_harness.Warnings);
    }

    [Fact]
    public async Task AllChanges_AreTheWholeLayersEffect()
    {
        Container container = await _harness.CreateAsync();
        TreeDigest seen = await _harness.ChangeAsync(container, "rm -r dir; mkdir -p dir/sub; echo x >dir/sub/new; rm file; mkdir file; ln -s x link; n=$(printf 'l\\303\\244nge'); echo x >\"$n\"; mkfifo pipe");
        IReadOnlyList<LayerChange> changes = await _harness.Images.Engine.Containers.Changes.GetAsync(container.Id, ImageHarness.Stop);

        Image image = await _harness.CommitAsync(container, new CommitOptions { Reference = "all:1", Only = changes.Select(change => change.Path).ToHashSet() });

        Assert.DoesNotContain(seen.DifferencesTo(await _harness.ShowAsync(image), nameof(TreeEntry.Size)), line => !line.StartsWith(".: Time", StringComparison.Ordinal));
        Assert.Contains(changes, change => change is { Path: "/dir/sub/deep", Kind: LayerChangeKind.Deleted });
    }

    [Fact]
    public async Task Excludes_LeavesOutWhatIsBeneathToo()
    {
        Container container = await _harness.CreateAsync();
        TreeDigest before = await _harness.ShowAsync(await _harness.CommitAsync(container, new CommitOptions()));
        await _harness.ChangeAsync(container, "echo x >tmp/x; mkdir -p tmp/y/z; rm -r dir/sub; rm dir/a; mkdir keep; echo x >keep/x");

        Image image = await _harness.CommitAsync(container, new CommitOptions { Excludes = path => path is "/tmp" or "/dir/sub" });

        Assert.Equal(["dir/", "dir/.wh.a", "keep/", "keep/x"], await _harness.NamesAsync(image));
        TreeDigest shown = await _harness.ShowAsync(image);
        Assert.Equal(before.Entries["dir/sub/deep"], shown.Entries["dir/sub/deep"]);
        Assert.False(shown.Entries.ContainsKey("tmp/x"));
    }

    [Fact]
    public async Task ChosenChangeThatIsGone_IsTold()
    {
        Container container = await _harness.CreateAsync();
        await _harness.ChangeAsync(container, "echo x >new");

        Image image = await _harness.CommitAsync(container, new CommitOptions { Only = new HashSet<string> { "/new", "/gone", "/away" } });

        Assert.Equal(["new"], await _harness.NamesAsync(image));
        Assert.Contains("/away and 1 more", Assert.Single(_harness.Warnings), StringComparison.Ordinal);
    }
}
