using System.Diagnostics;
using System.Globalization;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>
/// Layers that nobody thought of: what is unpacked is what an index and a check of the same tar say, and what umoci unpacks. Ten seconds
/// each in a run, with other tars for each seed; ten minutes with <c>build.ps1 Test -Long</c>.
/// </summary>
public sealed class RandomTarTests
{
    private static readonly TimeSpan s_time = TestRun.IsLong ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(10);

    [Fact]
    public void DiskAndIndex_RefuseTheSameAndMakeTheSame()
    {
        using LayerHarness harness = new();
        int accepted = 0, refused = 0;
        Stopwatch watch = Stopwatch.StartNew();
        for (int seed = TestRun.Seed * 1000; watch.Elapsed < s_time; seed++)
        {
            RandomTar tars = new(new Random(seed), hostile: true);
            byte[] tar = tars.Next();
            LayerEntry? index = LayerHarness.Index(tar);
            if (index is null)
            {
                refused++;
                LayerImageException error = Assert.ThrowsAny<LayerImageException>(() => harness.Unpack(tar));
                Assert.True(error.Error == EngineError.LayerInvalid, $"seed {seed}: {error}");
            }
            else
            {
                accepted++;
                UnpackResult result = Unpacked(harness, tar, $"seed {seed}\n{tars}");
                Assert.True(LayerVerifier.Verify(new MemoryStream(tar), harness["around/layer"], [], 10, LayerHarness.Stop) is { Count: 0 }, $"seed {seed}: the check finds differences\n{tars}");
                LayerEntry disk = LayerIndexing.ReadDirectory(harness["around/layer"], result.HasRoot, LayerHarness.Stop);
                HashSet<string> implied = [];
                string expected = Text(index, implied), found = Text(disk, implied);
                Assert.True(expected == found, $"seed {seed}\nindex:\n{expected}\ndisk:\n{found}\n{tars}");
            }
            Directory.Delete(harness["around/layer"], recursive: true);
            harness.AssertNothingElse();
        }
        Assert.True(accepted > 100 && refused > 100, $"{accepted} accepted, {refused} refused");
    }

    [Fact]
    public async Task UnionOfLayers_IsWhatUmociUnpacks()
    {
        Assert.SkipWhen(Requires.Tool("umoci") is not null, Requires.Tool("umoci") ?? "");
        int compared = 0;
        Stopwatch watch = Stopwatch.StartNew();
        for (int seed = TestRun.Seed * 1000; watch.Elapsed < s_time; seed++)
        {
            Random random = new(seed);
            RandomTar tars = new(random, hostile: false);
            ImageBuilder builder = new();
            for (int layers = random.Next(1, 4); layers > 0; layers--)
            {
                builder.WithLayer(LayerBlob.From(tars.Next(), LayerImage.Testing.Images.LayerCompression.Gzip));
            }
            BuiltImage image = builder.Build();
            await using ImageHarness harness = new();
            string name = image.PushTo(harness.Registry, "some/image");
            image.WriteLayout(harness.Store["layout"]);
            Engine.Processes.ProcessResult umoci = await ForeignProgram.RunAsync(["/bin/sh", "-c", "umask 022; exec \"$@\"", "sh", "umoci", "unpack", "--image", $"{harness.Store["layout"]}:latest", harness.Store["bundle"]], ImageHarness.Stop);
            try
            {
                await harness.ReceiveAsync(name);
            }
            catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
            {
                continue; // umoci takes some of what cannot be meant
            }
            if (umoci.ExitCode != 0)
            {
                continue;
            }
            // A folder that no layer describes has the time of its making in umoci; times are compared by LayersLikeOthersTests.
            compared++;
            UnionMount mount = await harness.Engine.Mounts.MountAsync(new UnionMountRequest { Reference = name }, SilentObserver.Instance, ImageHarness.Stop);
            TreeDigest ours = TreeDigest.Of(mount.Merged);
            // A deletion in a folder that there is not makes it here and in docker.
            string[] differences = [.. ours.DifferencesTo(TreeDigest.Of(harness.Store["bundle/rootfs"]), ignore: nameof(TreeEntry.Time)).Where(line => !(line.StartsWith("- ", StringComparison.Ordinal) && ours.Entries[line[2..]].Type == "directory"))];
            await harness.Engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, ImageHarness.Stop);
            Assert.True(differences.Length == 0, $"seed {seed}\n{string.Join('\n', differences)}\n{tars}");
        }
        Assert.True(compared > 10, $"{compared} compared");
    }

    private static UnpackResult Unpacked(LayerHarness harness, byte[] tar, string what)
    {
        try
        {
            return harness.Unpack(tar);
        }
        catch (LayerImageException e)
        {
            throw new InvalidOperationException($"the index takes what is not unpacked, {what}", e);
        }
    }

    // All that both know. A folder that no entry describes has no attributes of its own; the disk does not know which those are.
    private static string Text(LayerEntry root, HashSet<string> implied)
    {
        List<string> lines = [];
        Dictionary<LayerEntry, string> firstNames = [];
        void Write(LayerEntry entry, string path)
        {
            string first = firstNames.TryGetValue(entry.Inode ?? entry, out string? other) ? $" as {other}" : "";
            firstNames.TryAdd(entry.Inode ?? entry, path);
            if (entry.IsImplied)
            {
                implied.Add(path);
            }
            NodeAttributes has = entry.Attributes;
            string attributes = implied.Contains(path) || entry.Type == LayerNodeType.Whiteout ? "" : string.Create(CultureInfo.InvariantCulture,
                $" {Convert.ToString(has.Permissions, 8)} {has.Uid}:{has.Gid} {has.Size} {has.ModifiedSeconds}.{has.ModifiedNanoseconds} {has.DeviceMajor}:{has.DeviceMinor} {entry.LinkTarget} {Sorted(entry.XAttrNames)}");
            lines.Add($"{path} {entry.Type}{(entry.IsOpaque ? " opaque" : "")}{attributes}{first}");
            foreach (LayerEntry child in entry.SortedChildren)
            {
                Write(child, $"{path}/{child.Name}");
            }
        }
        Write(root, "");
        return string.Join('\n', lines);
    }

    private static string Sorted(string names) => string.Join('\0', names.Split('\0').Order(StringComparer.Ordinal));
}
