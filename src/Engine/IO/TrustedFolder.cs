using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.IO;

/// <summary>
/// The folders whose content is believed: the store, the run folder, the configuration. Whoever else could write there would
/// choose what this session runs, filters and unpacks; for root that is the whole machine. So they are this user's own and
/// nobody else can write there, as ssh and git have it of theirs.
/// </summary>
internal static class TrustedFolder
{
    private const int GroupMayWrite = 0x10, OthersMayWrite = 0x2; // 020 and 002

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Sees to it that a folder is there, is this user's, and that nobody else can enter it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="variable">The environment variable that names another one.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.StoreNotSupported"/>: it is somebody else's; NotPrivileged: it cannot be made.</exception>
    public static void Claim(string folder, string variable)
    {
        if (!Directory.Exists(folder))
        {
            HostFolder.Create(folder, $"The folder {folder} cannot be made", folder, OperatingSystem.IsWindows() ? null : Private);
        }
        Require(folder, variable);
        // Old layers hold setuid programs with known holes. A store on a file system that is mounted read-only can be looked
        // at, so nothing is set that is so already.
        if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(folder) != Private)
        {
            File.SetUnixFileMode(folder, Private);
        }
    }

    /// <summary>Sees to it that a folder, if there is one, is this user's, and that nobody else can write there.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.StoreNotSupported"/>.</exception>
    public static void Require(string folder, string variable)
    {
        if (!HostSystem.IsLinux || !Directory.Exists(folder))
        {
            return;
        }
        // Through a link, which may lead to another disk: the folder counts.
        using SafeFileHandle opened = Libc.Open(folder, OpenFlags.PathOnly | OpenFlags.Directory);
        FileStatus status = Libc.Stat(opened);
        uint user = Libc.GetEuid();
        if (status.Uid != user)
        {
            throw Refused(folder, variable, $"belongs to the user {status.Uid}, and this session is the user {user}");
        }
        // An ordinary user's group is often nobody's but theirs, and their umask leaves it the right to write.
        if ((status.Permissions & (user == 0 ? GroupMayWrite | OthersMayWrite : OthersMayWrite)) != 0 && !IsFresh(folder))
        {
            throw Refused(folder, variable, $"can be written by others (its mode is {Convert.ToString(status.Permissions, 8)})");
        }
    }

    // A file system that was just made for it: nobody has put anything there yet, and nobody can once the mode is set.
    private static bool IsFresh(string folder) => Directory.EnumerateFileSystemEntries(folder).All(entry => Path.GetFileName(entry) == "lost+found");

    private static LayerImageException Refused(string folder, string variable, string why) =>
        new(EngineError.StoreNotSupported, $"The folder {folder} is not used: it {why}. Whoever can write there decides what runs here.")
        {
            Target = folder,
            Advice = $"Run the session as the folder's owner, or name a folder of your own with ${variable}. "
                + "If it is yours and nobody else has put anything there, chown and chmod it.",
        };
}
