using System.Diagnostics;
using System.Text.RegularExpressions;
using LayerImage.Engine.Errors;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
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

    // Whoever starts the session: a hardened host's root has 077, a careless service 000.
    [Theory]
    [InlineData("000")]
    [InlineData("027")]
    [InlineData("077")]
    public async Task WhatIsMade_HasTheSameModesUnderAnyUmask(string umask)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        await using RegistryServer registry = new();
        string image = new ImageBuilder().WithLayer(layer => layer.Directory("data/").File("data/one", "1")).WithCommand("/none").Build().PushTo(registry, "some/image");

        string usual = await ModesAsync("022", image), under = await ModesAsync(umask, image);

        Assert.Equal(usual, under);
        Assert.DoesNotMatch("(?m)^(root|run|config) (?!drwx------)", usual);
    }

    private static async Task<string> ModesAsync(string umask, string image)
    {
        using TempStore store = new();
        await ImageHarness.ShellAsync($"mkdir '{store["tree"]}'; echo x >'{store["tree"]}/file'; chmod 755 '{store["tree"]}'; chmod 644 '{store["tree"]}/file'");
        foreach (string[] words in (string[][])[["receive", image], ["tag", image, "other:tag"], ["import", store["tree"], "made:here"], ["create", image, "web"]])
        {
            using Process child = StoreChild.Start(["/bin/sh", "-c", $"umask {umask}; exec \"$@\"", "sh"], typeof(TrustedFolderTests).Assembly.Location, store.Options, null, words);
            string error = await child.StandardError.ReadToEndAsync(ImageHarness.Stop);
            await child.WaitForExitAsync(ImageHarness.Stop);
            Assert.True(child.ExitCode == 0, error);
        }
        string list = await ImageHarness.ShellAsync($"cd '{Path.GetDirectoryName(store.Options.Root)}'; find root run $(test ! -e config || echo config) -printf '%p %M %U:%G\\n'");
        // Of the store, which is closed to others, what a container sees, and what others could reach.
        return string.Join('\n', Regex.Replace(list, "[0-9a-f]{64}", "ID").Split('\n').Where(line => Regex.IsMatch(line, "^(root|run|config) |^run/|^config/|^root/layers/ID|^root/containers/ID/(upper|etc/)")).Distinct().Order(StringComparer.Ordinal));
    }

    private string FolderOf(string which) => which switch
    {
        "root" => _store.Options.Root,
        "run" => _store.Options.Run,
        _ => _store.Options.Configuration,
    };
}
