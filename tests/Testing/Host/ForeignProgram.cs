using LayerImage.Engine.Processes;

namespace LayerImage.Testing.Host;

/// <summary>
/// Runs programs that are not ours (buildah, podman, skopeo) as if the tests had set nothing: a test's own store and log-in
/// files are in this process's environment while it hosts a session, and podman refuses every command when
/// $REGISTRY_AUTH_FILE names a file that is not there.
/// </summary>
public static class ForeignProgram
{
    private static readonly string[] s_prefixes = ["LAYERIMAGE_", "REGISTRY_", "DOCKER_", "CONTAINERS_", "STORAGE_", "BUILDAH_", "PODMAN_", "XDG_"];

    /// <summary>Runs one to its end and returns whatever its exit code is.</summary>
    public static Task<ProcessResult> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        ProcessRunner.RunAsync(["env", .. Ours().SelectMany(name => (string[])["-u", name]), .. arguments], null, cancellationToken);

    /// <summary>Runs one that must succeed and returns what it wrote.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message has its words.</exception>
    public static async Task<string> RunCheckedAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ProcessResult result = await RunAsync(arguments, cancellationToken);
        return result.ExitCode == 0 ? result.Output
            : throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with exit code {result.ExitCode}: {result.Error}");
    }

    private static IEnumerable<string> Ours() => Environment.GetEnvironmentVariables().Keys.Cast<string>()
        .Where(name => s_prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));
}
