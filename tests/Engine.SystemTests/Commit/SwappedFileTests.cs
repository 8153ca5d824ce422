using System.Diagnostics;
using System.Text.RegularExpressions;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>
/// A container puts devices, pipes, links and folders in the places of its files, over and over, while root reads them; strace(1),
/// which also makes the time between each look and what follows longer, tells what was opened.
/// </summary>
public sealed partial class SwappedFileTests
{
    private const string Names = "a b c d e f g h";

    // The kernel's first loop device: to be opened by nobody.
    private const string Swap = """
        cd "$1"; rm -rf nodes; mkdir nodes; cd nodes
        echo regular >0; echo other >1; mknod 2 b 7 0; mknod 3 c 1 5; mkfifo 4; ln -s /etc/shadow 5; ln -s 2 6
        exec perl -e 'my @names = @ARGV; my $i = 0; while (1) { my $to = "$ENV{TREE}/" . $names[$i % @names]; my $from = $i++ * 7919 % 13; $from = 0 if $from > 6; link($from, "t") && rename("t", $to); rmdir "t"; }' $2
        """;

    [Theory]
    [InlineData("changes")]
    [InlineData("commit")]
    [InlineData("commit-copy")]
    public async Task OnlyRegularFilesAreOpened(string verb)
    {
        string? missing = Requires.All(Requires.Tool("strace"), Requires.Tool("perl"), Requires.Tool("crun"), Requires.Tool("conmon"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        await using ImageHarness harness = new();
        BuiltImage image = new ImageBuilder().WithLayer(layer => Array.ForEach(Names.Split(' '), name => layer.File($"tree/{name}", "regular\n"))).Build();
        Container container = await harness.Engine.Containers.CreateAsync(new ContainerRequest { Image = image.PushTo(harness.Registry, "some/image"), Network = NetworkMode.None, Command = ["sh"] }, SilentObserver.Instance, ImageHarness.Stop);
        string tree = Path.Combine(harness.Layout.Upper(container.Id), "tree");
        await ImageHarness.ShellAsync($"mkdir '{tree}'; for name in {Names}; do echo x >'{tree}'/$name; done");
        ProcessStartInfo start = new("/bin/sh", ["-ec", Swap, "sh", harness.Store["."], Names]);
        start.Environment["TREE"] = tree;
        using Process swapping = Process.Start(start)!;
        try
        {
            string[] words = verb == "changes" ? [verb, container.Id] : [verb, container.Id, "made:here"];
            for (int round = TestRun.IsLong ? 200 : 4; round > 0; round--)
            {
                string trace = harness.Store["trace"];
                using Process child = StoreChild.Start(["strace", "-f", "-yy", "-qqq", "-o", trace, "-e", "trace=open,openat,openat2,newfstatat,statx", "-e", "inject=newfstatat,statx:delay_exit=300"], typeof(SwappedFileTests).Assembly.Location, harness.Store.Options, null, words);
                string error = await child.StandardError.ReadToEndAsync(ImageHarness.Stop);
                await child.WaitForExitAsync(ImageHarness.Stop).WaitAsync(TimeSpan.FromMinutes(1), ImageHarness.Stop);

                Assert.True(child.ExitCode == 0 || char.IsAsciiLetterUpper(error[0]), error);
                string[] opened = [.. (await File.ReadAllLinesAsync(trace, ImageHarness.Stop)).Where(line => line.Contains("open", StringComparison.Ordinal) && !line.Contains("O_PATH", StringComparison.Ordinal))];
                Assert.Contains(opened, line => line.Contains(container.Id, StringComparison.Ordinal));
                Assert.DoesNotContain(opened, line => Forbidden().IsMatch(line));
            }
            Assert.False(swapping.HasExited);
        }
        finally
        {
            swapping.Kill();
            await swapping.WaitForExitAsync(ImageHarness.Stop);
        }
    }

    // "= 57</…/tree/a<block 7:0>>", or the file that a link leads to.
    [GeneratedRegex(@"= \d+<([^>]*<(block 7:0|char 1:5)>|/etc/shadow)", RegexOptions.CultureInvariant)]
    private static partial Regex Forbidden();
}
