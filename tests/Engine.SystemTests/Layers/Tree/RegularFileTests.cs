using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>Nothing but regular files is opened in a tree that a container filled, whatever is put in a file's place between a look and the open.</summary>
public sealed class RegularFileTests : IDisposable
{
    private static readonly NativePath s_name = "b";
    private readonly TempFolder _folder = new("limg-");

    public void Dispose() => _folder.Dispose();

    /// <summary>What a container can put in a file's place. The block device is the first loop device, which no test has for long.</summary>
    public static TheoryData<string> Others => ["mknod b b 7 0", "mknod b c 1 5", "mkfifo b", "mkdir b", "ln -s /etc/passwd b", "true"];

    [Theory]
    [MemberData(nameof(Others))]
    public async Task WhatIsNoRegularFile_IsNotOpened(string put)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        string folder = Directory.CreateDirectory(_folder["tree"]).FullName;
        await ImageHarness.ShellAsync($"cd '{folder}'; {put}");
        using SafeFileHandle directory = Libc.OpenDirectory(folder);

        Assert.Null(RegularFile.TryOpen(directory, s_name, out _));
    }

    // The walk has looked at the whole directory when it tells of its first entry.
    [Theory]
    [MemberData(nameof(Others))]
    public async Task FileSwappedDuringAWalk_IsNotReadAsOne(string put)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        string folder = Directory.CreateDirectory(_folder["tree"]).FullName;
        await ImageHarness.ShellAsync($"cd '{folder}'; mkdir a; echo regular > b");
        Swap swap = new(() => ImageHarness.ShellAsync($"cd '{folder}'; rm b; {put}").GetAwaiter().GetResult());
        LayerTreeWalker walker = new(swap, TreeWalkOptions.Plain(includeRoot: false), TestContext.Current.CancellationToken);

        LayerImageException error = Assert.Throws<LayerImageException>(() => walker.Walk([folder]));

        Assert.Contains("replaced", error.Message, StringComparison.Ordinal);
        Assert.Empty(swap.Files);
    }

    [Fact]
    public async Task FileReplacedByAnother_IsReadAndDescribedAsThatOne()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        string folder = Directory.CreateDirectory(_folder["tree"]).FullName;
        await ImageHarness.ShellAsync($"cd '{folder}'; mkdir a; echo old > b");
        Swap swap = new(() => ImageHarness.ShellAsync($"cd '{folder}'; echo quite new > c; chmod 600 c; mv c b").GetAwaiter().GetResult());

        new LayerTreeWalker(swap, TreeWalkOptions.Plain(includeRoot: false), TestContext.Current.CancellationToken).Walk([folder]);

        Assert.Equal("b 10 600 quite new\n", Assert.Single(swap.Files));
    }

    private sealed class Swap(Action swap) : ITreeSink
    {
        public List<string> Files { get; } = [];

        public void Entry(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status) => swap();

        public void File(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status, SafeFileHandle data)
        {
            byte[] content = new byte[100];
            int length = RandomAccess.Read(data, content, 0);
            Files.Add($"{name} {entry.Attributes.Size} {Convert.ToString(entry.Attributes.Permissions, 8)} {System.Text.Encoding.UTF8.GetString(content, 0, length)}");
        }

        public void Whiteout(SafeFileHandle parent, NativePath name, TarEntry entry)
        {
        }

        public void Opaque(TarEntry entry)
        {
        }

        public void Enter(NativePath name)
        {
        }

        public void Leave(SafeFileHandle directory)
        {
        }
    }
}
