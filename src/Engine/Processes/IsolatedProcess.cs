using System.Text;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Processes;

/// <summary>
/// Runs a small program to its end on the calling thread, in that thread's namespaces. It gets its three streams and no
/// other descriptor of this process, default signals, and a session of its own: whatever becomes of it, this process
/// goes on. Its text goes through files in memory, so that no pipe can fill up.
/// </summary>
internal static class IsolatedProcess
{
    // Text that is shown to the user is shown as it is; in one language it can be told apart.
    private static readonly string[] s_environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];

    /// <summary>Runs it and returns whatever its exit code is: 128 + n after signal n.</summary>
    /// <param name="arguments">Its absolute path and its arguments.</param>
    /// <param name="standardInput">What it reads.</param>
    /// <exception cref="Errors.LinuxException">It could not be started.</exception>
    public static ProcessResult Run(IReadOnlyList<string> arguments, string standardInput = "")
    {
        using SafeFileHandle input = Libc.MemFdCreate("stdin"), output = Libc.MemFdCreate("stdout"), error = Libc.MemFdCreate("stderr");
        RandomAccess.Write(input, Encoding.UTF8.GetBytes(standardInput), 0);
        int? exitCode = Libc.WaitPid(Libc.PosixSpawn(arguments, s_environment, [], new SpawnStreams(input, output, error)));
        string complaint = Read(error);
        // Where nobody could tell: these programs say what is wrong when something is.
        return new ProcessResult(exitCode ?? (complaint.Length == 0 ? 0 : 1), Read(output), complaint);
    }

    private static string Read(SafeFileHandle file)
    {
        byte[] bytes = new byte[RandomAccess.GetLength(file)];
        int read = RandomAccess.Read(file, bytes, 0);
        return Encoding.UTF8.GetString(bytes, 0, read);
    }
}
