using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Runtime;

/// <summary>The host's small init program, for containers whose own program does not reap its children or heeds no signal as the first process.</summary>
internal static class InitProgram
{
    // It runs in the container, on no library of the host's: those that are linked statically come first.
    private static readonly string[] s_places =
    [
        "/usr/bin/docker-init", "/usr/libexec/docker/docker-init", "/usr/libexec/podman/catatonit", "/usr/bin/catatonit", "/usr/bin/tini-static",
        "/sbin/docker-init", "/usr/local/bin/docker-init", "/usr/local/bin/tini-static",
    ];

    /// <summary>Its path.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ToolMissing"/>: there is none.</exception>
    public static string Get() => Find(s_places) ?? throw new LayerImageException(EngineError.ToolMissing, "No init program for containers was found (docker-init, catatonit, tini-static).")
    { Target = "tini", Advice = "Install one, for example: apt install tini" };

    /// <summary>The first of these files that is there; null when none is.</summary>
    public static string? Find(IEnumerable<string> places) => places.FirstOrDefault(File.Exists);
}
