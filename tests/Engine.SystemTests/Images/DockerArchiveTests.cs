using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>Archives go to docker and come from it.</summary>
public sealed class DockerArchiveTests(DockerDaemon docker) : IClassFixture<DockerDaemon>, IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(docker.Missing is not null, docker.Missing ?? "");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task Images_GoToDockerAndBack()
    {
        LayerBlob shared = LayerBlob.From(new LayerBuilder().Directory("./").File("base", "base").ToTar(), LayerCompression.Gzip);
        List<ImageToExport> images = [];
        foreach (string name in new[] { "one", "two" })
        {
            // The same layer twice: old versions of docker make a link of the second.
            BuiltImage built = new ImageBuilder().WithCommand("sh").WithLayer(shared).WithLayer(layer => layer.File(name, name)).WithLayer(shared).Build();
            Image image = await _harness.ReceiveAsync(built.PushTo(_harness.Registry, name, "v1"));
            images.Add(new ImageToExport(_harness.Engine.Images.AddTag(image, $"team/{name}:v1"), [$"team/{name}:v1"]));
        }
        FileSystemInfo written = await _harness.Engine.Images.ExportAsync(images, _harness.Store["to-docker.tar"], new ExportOptions { Format = ImageExportFormat.DockerArchive }, SilentObserver.Instance, ImageHarness.Stop);

        await docker.RunAsync($"load -i '{written.FullName}'");
        string ids = await docker.RunAsync("images --no-trunc -q");
        Assert.All(images, image => Assert.Contains(image.Image.Id, ids, StringComparison.Ordinal));
        await docker.RunAsync($"save -o '{_harness.Store["from-docker.tar"]}' team/one:v1 team/two:v1");

        await using ImageHarness there = new();
        List<Image> again = [];
        await foreach (Image image in there.Engine.Images.ImportAsync(_harness.Store["from-docker.tar"], new ImportOptions(), SilentObserver.Instance, ImageHarness.Stop))
        {
            again.Add(image);
        }

        Assert.Equal(images.Select(image => image.Image.Id).Order(StringComparer.Ordinal), again.Select(image => image.Id).Order(StringComparer.Ordinal));
        Assert.Equal(["team/one:v1", "team/two:v1"], again.Select(image => image.Reference).Order(StringComparer.Ordinal));
        Assert.Equal(3, there.LayerFolders().Count);
        there.AssertRecordsFitFiles();
    }
}
