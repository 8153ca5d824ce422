using LayerImage.Engine.Errors;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>What is unpacked, run and believed by root is root's: nobody else has or can write the store, the run folder or the configuration.</summary>
public sealed class TrustedFolderTests : IDisposable
{
    private readonly TempStore _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData("root", "chown 1000", "LAYERIMAGE_ROOT")]
    [InlineData("run", "chown 1000", "LAYERIMAGE_RUN")]
    [InlineData("config", "chown 1000", "LAYERIMAGE_CONFIG")]
    [InlineData("root", "chmod 777", "LAYERIMAGE_ROOT")]
    [InlineData("run", "chmod 770", "LAYERIMAGE_RUN")]
    [InlineData("config", "chmod 757", "LAYERIMAGE_CONFIG")]
    public async Task WhatOthersHaveOrCanWrite_IsRefused(string which, string change, string variable)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        _ = new LayerImageEngine(_store.Options);
        string folder = FolderOf(which);
        await ImageHarness.ShellAsync($"mkdir -p '{folder}/made'; {change} '{folder}'");

        LayerImageException error = Assert.Throws<LayerImageException>(() => new LayerImageEngine(_store.Options));

        Assert.Equal((EngineError.StoreNotSupported, folder), (error.Error, error.Target));
        Assert.Contains(variable, error.Advice, StringComparison.Ordinal);
    }

    // A tmpfs that was mounted for the store is everybody's at first.
    [Theory]
    [InlineData("root")]
    [InlineData("run")]
    public async Task FreshFolder_IsTakenAndClosedToOthers(string which)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        await ImageHarness.ShellAsync($"mkdir -p '{FolderOf(which)}'; chmod 1777 '{FolderOf(which)}'");

        _ = new LayerImageEngine(_store.Options);

        Assert.Equal("700", await ImageHarness.ShellAsync($"stat -c %a '{FolderOf(which)}'"));
    }

    [Fact]
    public async Task RunFolder_IsClosedToOthersWhateverTheUmask()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        await ImageHarness.ShellAsync($"mkdir -p '{_store.Options.Run}'; chmod 755 '{_store.Options.Run}'");

        _ = new LayerImageEngine(_store.Options);

        Assert.Equal("700", await ImageHarness.ShellAsync($"stat -c %a '{_store.Options.Run}'"));
    }

    private string FolderOf(string which) => which switch
    {
        "root" => _store.Options.Root,
        "run" => _store.Options.Run,
        _ => _store.Options.Configuration,
    };
}
