using LayerImage.Engine.Images;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>The plan of a pull tells the truth, and making it changes nothing.</summary>
public sealed class PullPlanTests : IAsyncLifetime
{
    private const int ContentSize = 700_000;
    private static readonly LayerBlob s_base = Blob(layer => layer.File("base", Noise(1)));
    private static readonly LayerBlob s_top = Blob(layer => layer.File("top", Noise(2)));
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task AbsentImage_IsAllToReceive()
    {
        BuiltImage image = new ImageBuilder().WithLayer(s_base).WithLayer(s_top).Build();

        PullPlan plan = await PlanAsync(image.PushTo(_harness.Registry, "some/image"));

        Assert.Equal(image.Digest, plan.Digest);
        Assert.Equal(image.Id, plan.ImageId);
        Assert.False(plan.IsUpToDate);
        Assert.Equal([s_base.Digest, s_top.Digest], plan.Layers.Select(layer => layer.Digest));
        Assert.All(plan.Layers, layer => Assert.False(layer.Present));
        Assert.All(plan.Layers, layer => Assert.Empty(layer.SharedWith));
        Assert.Equal(s_base.Blob.Length + s_top.Blob.Length, plan.BytesToReceive);
        // The tar's own size is what the blob tells of its content.
        Assert.Equal([s_base.Blob.Length + s_base.Tar.Length, s_top.Blob.Length + s_top.Tar.Length], plan.Layers.Select(layer => layer.BytesOnDisk));
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task SharedLayer_IsHereAndSaysWithWhom()
    {
        await _harness.ReceiveAsync(new ImageBuilder().WithLayer(s_base).Build().PushTo(_harness.Registry, "other/image", "1"));
        string reference = new ImageBuilder().WithLayer(s_base).WithLayer(s_top).Build().PushTo(_harness.Registry, "some/image");

        PullPlan plan = await PlanAsync(reference);

        Assert.Equal([true, false], plan.Layers.Select(layer => layer.Present));
        Assert.Equal($"{_harness.Registry.Host}/other/image:1", Assert.Single(plan.Layers[0].SharedWith));
        Assert.Equal(s_top.Blob.Length, plan.BytesToReceive);
        Assert.Equal(s_base.Blob.Length + ContentSize, plan.Layers[0].BytesOnDisk);
        Assert.Equal(s_top.Blob.Length + s_top.Tar.Length, plan.BytesAdded);
    }

    [Fact]
    public async Task ReceivedImage_IsUpToDate()
    {
        string reference = new ImageBuilder().WithLayer(s_base).WithLayer(s_top).Build().PushTo(_harness.Registry, "some/image");
        await _harness.ReceiveAsync(reference);

        PullPlan plan = await PlanAsync(reference);

        Assert.True(plan.IsUpToDate);
        Assert.Equal(0, plan.BytesToReceive);
        Assert.Equal(0, plan.BytesAdded);
    }

    [Fact]
    public async Task CutDownload_CountsWhatIsHere()
    {
        string reference = new ImageBuilder().WithLayer(s_base).Build().PushTo(_harness.Registry, "some/image");
        _harness.Registry.Add(RegistryFault.CutAfter(500_000).On(s_base.Digest).Once());
        await _harness.RefuseAsync(Engine.Errors.EngineError.SizeMismatch, reference);

        PullPlan plan = await PlanAsync(reference);

        Assert.Equal(s_base.Blob.Length - 500_000, plan.BytesToReceive);
    }

    private Task<PullPlan> PlanAsync(string reference) => _harness.Engine.Images.PlanAsync(reference, new ReceiveOptions(), ImageHarness.Stop);

    private static LayerBlob Blob(Action<LayerBuilder> fill)
    {
        LayerBuilder layer = new();
        fill(layer);
        return LayerBlob.From(layer.ToTar(), LayerCompression.Gzip);
    }

    private static byte[] Noise(int seed)
    {
        byte[] bytes = new byte[ContentSize];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
