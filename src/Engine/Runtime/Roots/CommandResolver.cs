using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Runtime;

/// <summary>Finds a container's program before anything is started, so that a mistyped command costs nothing and says what it is.</summary>
internal static class CommandResolver
{
    private static readonly string[] s_kernelFolders = ["/proc", "/dev", "/sys"];

    /// <summary>Throws when a program is surely not there or surely not executable.</summary>
    /// <param name="root">The container's root file system.</param>
    /// <param name="command">The program, as it was given.</param>
    /// <param name="path">Where it is searched for: $PATH.</param>
    /// <param name="workingDirectory">Where it starts; empty for the root.</param>
    /// <param name="mountPoints">Folders of the container that the root does not show.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.CommandNotFound"/> or <see cref="EngineError.CommandNotExecutable"/>.</exception>
    public static void Check(ContainerRoot root, string command, string path, string workingDirectory, IReadOnlyList<string> mountPoints)
    {
        CommandResolution found = Resolve(root, command, path, workingDirectory, mountPoints);
        if (found is CommandResolution.NotFound or CommandResolution.NotExecutable)
        {
            throw Error(found, command, command.Contains('/') ? null : path);
        }
    }

    /// <summary>Searches as execvp(3) does, inside the root. Mount points are the folders that the root does not show.</summary>
    public static CommandResolution Resolve(ContainerRoot root, string command, string path, string workingDirectory, IReadOnlyList<string> mountPoints)
    {
        if (command.Length == 0)
        {
            return CommandResolution.NotFound;
        }
        CommandResolution result = CommandResolution.NotFound;
        IEnumerable<string> folders = command.Contains('/') ? [""] : path.Split(':');
        foreach (string folder in folders)
        {
            CommandResolution one = ResolveOne(root, Absolute(Join(folder, command), workingDirectory), mountPoints);
            switch (one)
            {
                case CommandResolution.Found:
                    return one;
                case CommandResolution.Unknown:
                    result = one;
                    break;
                case CommandResolution.NotExecutable when result == CommandResolution.NotFound:
                    result = one;
                    break;
            }
        }
        return result;
    }

    /// <summary>The error for a program that cannot be run.</summary>
    public static LayerImageException Error(CommandResolution found, string command, string? path) => found == CommandResolution.NotExecutable
        ? new LayerImageException(EngineError.CommandNotExecutable, $"The command '{command}' is in the container but cannot be executed: it is a folder, or has no execute permission.")
        {
            Target = command,
            Advice = "Name a program, or give the file execute permission in the image.",
        }
        : new LayerImageException(EngineError.CommandNotFound, $"The command '{command}' is not in the container{(path is null ? "" : $" (searched: {path})")}.")
        {
            Target = command,
            Advice = "Check the spelling. A command with arguments is given as several strings (exec form), or as one string that a shell of the image runs.",
        };

    private static CommandResolution ResolveOne(ContainerRoot root, string path, IReadOnlyList<string> mountPoints)
    {
        if (s_kernelFolders.Concat(mountPoints).Any(folder => path == folder || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal)))
        {
            return CommandResolution.Unknown;
        }
        if (root.Mode(path, out _) is not int mode)
        {
            return mountPoints.Any(IsFolderOfUser) && root.EndsAtBrokenLink(path) ? CommandResolution.Unknown : CommandResolution.NotFound;
        }
        bool file = (mode & 0xF000) == (int)Interop.Libc.FileType.Regular;
        return file && (mode & 0x49 /* 0111 */) != 0 ? CommandResolution.Found : CommandResolution.NotExecutable;
    }

    // The three files that every container has mounted hide no program.
    private static bool IsFolderOfUser(string mountPoint) => mountPoint is not ("/etc/hosts" or "/etc/hostname" or "/etc/resolv.conf");

    private static string Join(string folder, string command) => folder.Length == 0 ? command : folder.TrimEnd('/') + "/" + command;

    private static string Absolute(string path, string workingDirectory)
        => path.StartsWith('/') ? path : (workingDirectory.Length == 0 ? "" : workingDirectory.TrimEnd('/')) + "/" + path;
}
