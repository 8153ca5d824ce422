using System.Security.Cryptography;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>A folder of a test's own, unpacking into it, and the programs that a layer is compared with.</summary>
internal sealed class LayerHarness : IDisposable
{
    private readonly TempFolder _folder = new("layers-");

    public LayerHarness()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        Directory.CreateDirectory(_folder["around"]);
        File.WriteAllText(_folder["around/secret"], "untouched");
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A path in the test's folder.</summary>
    public string this[string relative] => _folder[relative];

    /// <summary>Unpacks a tar into a new folder and returns what was found.</summary>
    public UnpackResult Unpack(byte[] tar, string name = "around/layer") => Unpack(new MemoryStream(tar), name);

    /// <summary>Unpacks a tar file.</summary>
    public UnpackResult UnpackFile(string file, string name = "around/layer")
    {
        using FileStream stream = File.OpenRead(_folder[file]);
        return Unpack(stream, name);
    }

    /// <summary>Unpacks a tar that must be refused as invalid; nothing beside its folder may change.</summary>
    public LayerImageException Refuse(byte[] tar)
    {
        string around = _folder["around"];
        Directory.CreateDirectory(_folder["around/layer"]);
        LayerImageException error = Assert.ThrowsAny<LayerImageException>(() => LayerUnpacker.Unpack(new MemoryStream(tar), _folder["around/layer"], Stop));
        Assert.True(error.Error == EngineError.LayerInvalid, error.ToString());
        AssertUntouched(around, "layer", "secret");
        return error;
    }

    /// <summary>Makes the index of a tar; null when it is refused.</summary>
    public static LayerEntry? Index(byte[] tar)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            return LayerIndexing.ReadTar(new MemoryStream(tar), hash, Stop).Root;
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
        {
            return null;
        }
    }

    /// <summary>Nothing beside the layer's folder was made or changed.</summary>
    public void AssertUntouched() => AssertUntouched(_folder["around"], "layer", "secret");

    /// <summary>Runs a shell script in the test's folder.</summary>
    public string Shell(string script)
    {
        ProcessResult result = ProcessRunner.RunAsync(["/bin/sh", "-ec", $"umask 022; cd '{_folder.Root}'; {script}"], null, Stop).GetAwaiter().GetResult();
        Assert.True(result.ExitCode == 0, $"{script}: {result.Error}");
        return result.Output.TrimEnd('\n');
    }

    /// <summary>Whether a path of the layer is a whiteout.</summary>
    public bool IsWhiteout(string path) => Libc.TryStat(_folder[$"around/layer/{path}"], out FileStatus status) && status.IsWhiteout;

    /// <summary>Whether a directory of the layer hides all below it.</summary>
    public bool IsOpaque(string path) => OverlayForm.IsOpaque(_folder[$"around/layer/{path}"]);

    /// <summary>The tree's tar, as a commit writes it.</summary>
    public DigestedTree Seal(string folder, string file, bool includeRoot = true)
    {
        using FileStream tar = File.Create(_folder[file]);
        return TreeTar.Write(_folder[folder], includeRoot, tar, Stop);
    }

    public void Dispose() => _folder.Dispose();

    private UnpackResult Unpack(Stream tar, string name)
    {
        Directory.CreateDirectory(_folder[name]);
        return LayerUnpacker.Unpack(tar, _folder[name], Stop);
    }

    /// <summary>The same where the layer is thrown away by now.</summary>
    public void AssertNothingElse() => AssertUntouched(_folder["around"], "secret");

    private static void AssertUntouched(string around, params string[] there)
    {
        Assert.Equal(there, Directory.EnumerateFileSystemEntries(around).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal("untouched", File.ReadAllText(Path.Combine(around, "secret")));
    }
}
