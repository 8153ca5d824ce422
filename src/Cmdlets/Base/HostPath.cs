using System.Management.Automation;
using LayerImage.Engine.Errors;
using Microsoft.PowerShell.Commands;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// Paths of this machine's files, as users give them. PowerShell's locations and drives may be any provider's, and the
/// path of another one's item looks like a path of this machine that means something else: it is refused.
/// </summary>
internal static class HostPath
{
    /// <summary>A path made absolute by the session's location. It need not exist.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PathInvalid"/>: it is not one of this machine's files.</exception>
    public static string Resolve(SessionState session, string path) => Ask(path, () =>
    {
        string resolved = session.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
        RequireFiles(provider, session, path);
        return resolved;
    });

    /// <summary>The files and folders that a path with wildcards means; without wildcards the path, be it there or not.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PathInvalid"/>.</exception>
    public static IReadOnlyList<string> ResolveAll(SessionState session, string path) => !WildcardPattern.ContainsWildcardCharacters(path)
        ? [Resolve(session, path)]
        : Ask<IReadOnlyList<string>>(path, () =>
        {
            IReadOnlyList<string> resolved = session.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            RequireFiles(provider, session, path);
            return resolved;
        });

    /// <summary>A file's bytes; null for no path.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PathInvalid"/>: it is not there, or may not be read.</exception>
    public static Stream? OpenToRead(SessionState session, string? path) => path is null ? null : Open(session, path, FileMode.Open, FileAccess.Read);

    /// <summary>A file whose content is replaced, or gone on with; null for no path.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PathInvalid"/>: it cannot be written.</exception>
    public static Stream? OpenToWrite(SessionState session, string? path, bool append = false) =>
        path is null ? null : Open(session, path, append ? FileMode.Append : FileMode.Create, FileAccess.Write);

    private static FileStream Open(SessionState session, string path, FileMode mode, FileAccess access)
    {
        string file = Resolve(session, path);
        try
        {
            return new FileStream(file, mode, access, FileShare.Read, 0, FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LayerImageException(EngineError.PathInvalid, $"'{file}' cannot be {(access == FileAccess.Read ? "read" : "written")}: {e.Message}", e)
            { Target = file, Advice = "Check the path and who may use it." };
        }
    }

    private static void RequireFiles(ProviderInfo provider, SessionState session, string given)
    {
        if (provider.ImplementingType != typeof(FileSystemProvider))
        {
            throw new LayerImageException(EngineError.PathInvalid, $"'{given}' is no path of this machine's files: it belongs to the provider {provider.Name}"
                + (IsRelative(given) ? $", as the session's location {session.Path.CurrentLocation} does." : "."))
            { Target = given, Advice = "Give a path from the root (/srv/data), or go to a folder first: Set-Location /" };
        }
    }

    private static bool IsRelative(string given) => !given.Contains(':', StringComparison.Ordinal);

    // PowerShell's own words, under our error.
    private static T Ask<T>(string given, Func<T> resolve)
    {
        try
        {
            return resolve();
        }
        catch (Exception e) when (e is SessionStateException or ProviderInvocationException
            or PSNotSupportedException or PSInvalidOperationException or PSArgumentException)
        {
            throw new LayerImageException(EngineError.PathInvalid, e.Message, e) { Target = given, Advice = "Give a path of this machine's files." };
        }
    }
}
