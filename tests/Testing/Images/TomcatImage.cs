using System.Security.Cryptography;
using System.Text;
using LayerImage.Engine.Processes;
using LayerImage.Testing.Host;
using LayerImage.Testing.Registry;

namespace LayerImage.Testing.Images;

/// <summary>
/// The Tomcat image of the acceptance tests and benchmarks, made by tools that are not ours (tests/data/tomcat) and kept in a
/// cache under a hash of the recipe: once per machine, or once per run where $LAYERIMAGE_TEST_CACHE names an empty folder.
/// </summary>
public sealed class TomcatImage
{
    private TomcatImage(string layout) => Layout = layout;

    /// <summary>The OCI layout that has it under the tag "latest".</summary>
    public string Layout { get; }

    /// <summary>Null when it is in the cache or can be made here, else the reason.</summary>
    public static string? Missing => Directory.Exists(CachedLayout())
        ? Requires.Tool("skopeo")
        : Requires.All(Requires.Root, Requires.Tool("skopeo"), Requires.Tool("buildah"), Requires.Tool("mmdebstrap"), Requires.Tool("apt-config"));

    /// <summary>Finds it in the cache, or builds it (two to three minutes, from the Debian mirror of this machine's apt).</summary>
    /// <exception cref="InvalidOperationException">It cannot be built here; the message says why.</exception>
    public static async Task<TomcatImage> GetAsync(CancellationToken cancellationToken)
    {
        string layout = CachedLayout();
        string cache = Path.GetDirectoryName(layout)!;
        Directory.CreateDirectory(cache);
        // Test programs may run side by side: one builds, the others wait.
        await using FileStream held = await LockAsync(layout + ".lock", cancellationToken);
        if (!Directory.Exists(layout))
        {
            using TempFolder work = new("tomcat-image-");
            await BuildAsync(work.Root, cancellationToken);
            // Not a rename: the cache may be on another file system.
            await ForeignProgram.RunCheckedAsync(["cp", "-r", work["image"], layout + ".new"], cancellationToken);
            Directory.Move(layout + ".new", layout);
        }
        return new TomcatImage(layout);
    }

    /// <summary>Copies it into a registry by skopeo; returns what to pull.</summary>
    public async Task<string> PushToAsync(DebianRegistry registry, string repository, string tag, CancellationToken cancellationToken)
    {
        string reference = $"{registry.Host}/{repository}:{tag}";
        await ForeignProgram.RunCheckedAsync(
            [ToolLocator.Get("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", $"oci:{Layout}:latest", $"docker://{reference}"],
            cancellationToken);
        return reference;
    }

    private static async Task BuildAsync(string folder, CancellationToken cancellationToken)
    {
        string script = Path.Combine(folder, "build-image.sh");
        await File.WriteAllTextAsync(script, Recipe(), cancellationToken);
        List<string> command = ["bash", script, folder];
        // The tests run in a network namespace of their own, where no mirror answers; whoever started them does not.
        if (HostNetwork.Find() is { } host)
        {
            command.InsertRange(0, [ToolLocator.Get("nsenter", "util-linux"), $"--net={host}"]);
        }
        await ForeignProgram.RunCheckedAsync(command, cancellationToken);
    }

    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(500, cancellationToken);
            }
        }
    }

    private static string CachedLayout()
    {
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Recipe())))[..16];
        string root = Environment.GetEnvironmentVariable("LAYERIMAGE_TEST_CACHE") is { Length: > 0 } own ? own
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Environment.IsPrivilegedProcess ? "/var/cache"
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "layerimage-tests", $"tomcat-{key}");
    }

    private static string Recipe()
    {
        using Stream stream = typeof(TomcatImage).Assembly.GetManifestResourceStream("tomcat/build-image.sh")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
