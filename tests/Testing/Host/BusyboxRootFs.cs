using LayerImage.Engine.Processes;

namespace LayerImage.Testing.Host;

/// <summary>
/// A small root file system from Debian's busybox-static, with a web server that plays Tomcat: <c>/srv/www</c> is empty,
/// <c>/srv/www.dist</c> has the home page, <c>start-www</c> serves the former on port 8080.
/// </summary>
public static class BusyboxRootFs
{
    /// <summary>The home page's text.</summary>
    public const string HomePage = "<html><body>It works: the layers are deployed.</body></html>\n";

    /// <summary>Null when it can be made here, else the reason.</summary>
    public static string? Missing => Requires.Tool("busybox");

    /// <summary>Makes it in a folder, which is created, and returns the folder.</summary>
    public static async Task<string> CreateAsync(string folder, CancellationToken cancellationToken)
    {
        string busybox = ToolLocator.Get("busybox", "busybox-static");
        foreach (string name in new[] { "bin", "dev", "etc", "proc", "root", "run", "sys", "usr/bin", "var/log", "home/web", "srv/www", "srv/www.dist" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }
        Directory.CreateDirectory(Path.Combine(folder, "tmp"), (UnixFileMode)0b1_111_111_111);
        File.SetUnixFileMode(Path.Combine(folder, "tmp"), (UnixFileMode)0b1_111_111_111);
        File.Copy(busybox, Path.Combine(folder, "bin/busybox"));
        File.SetUnixFileMode(Path.Combine(folder, "bin/busybox"), (UnixFileMode)0b111_101_101);
        string applets = (await ProcessRunner.RunAsync([busybox, "--list"], null, cancellationToken)).Output;
        foreach (string applet in applets.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "busybox"))
        {
            File.CreateSymbolicLink(Path.Combine(folder, "bin", applet), "busybox");
        }
        Write(folder, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000:web:/home/web:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
        Write(folder, "etc/group", "root:x:0:\nweb:x:1000:\nstaff:x:50:web\nnogroup:x:65534:\n");
        Write(folder, "srv/www.dist/index.html", HomePage);
        Write(folder, "bin/start-www", "#!/bin/sh\nexec busybox httpd -f -p 8080 -h /srv/www\n", (UnixFileMode)0b111_101_101);
        ReadableTree.Make(folder);
        return folder;
    }

    private static void Write(string folder, string name, string text, UnixFileMode mode = (UnixFileMode)0b110_100_100)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
    }
}
