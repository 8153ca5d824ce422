using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Processes;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// Starts conmon and hears from it whether the container was made. conmon gets a session of its own and no file of
/// ours but its pipes and the handles it shall hold: a Ctrl-C at the prompt does not reach it, a closed terminal
/// does not end it, and it keeps no pipe of ours open.
/// </summary>
internal static class ConmonProcess
{
    // What the exit command (the Agent), the runtime and conmon may need of our environment.
    private static readonly string[] s_environmentPrefixes =
        ["HOME=", "LANG=", "TMPDIR=", "XDG_", "DBUS_SYSTEM_BUS_ADDRESS=", "LAYERIMAGE_", "DOTNET_"];

    /// <summary>Starts conmon and returns the host's number of the container's first process, which waits for its start.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="held">Handles that conmon keeps open for its life.</param>
    /// <param name="cgroups">Where conmon is moved to before it does anything.</param>
    /// <param name="folder">Where it works: it leaves a file there when the kernel ended the program for want of memory.</param>
    /// <param name="command">The container's program, for the errors that are about it.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.RuntimeFailed"/>, <see cref="EngineError.CommandNotFound"/>, <see cref="EngineError.CommandNotExecutable"/>.</exception>
    public static async Task<int> StartAsync(IReadOnlyList<string> arguments, IReadOnlyList<SafeHandle> held, CgroupLayout cgroups, string folder, string command)
    {
        (SafeFileHandle syncRead, SafeFileHandle syncWrite) = Libc.Pipe2();
        (SafeFileHandle startRead, SafeFileHandle startWrite) = Libc.Pipe2();
        (SafeFileHandle errorRead, SafeFileHandle errorWrite) = Libc.Pipe2();
        using FileStream sync = new(syncRead, FileAccess.Read, bufferSize: 0), error = new(errorRead, FileAccess.Read, bufferSize: 0);
        int pid;
        using (FileStream start = new(startWrite, FileAccess.Write, bufferSize: 0))
        {
            using (syncWrite)
            using (startRead)
            using (errorWrite)
            {
                pid = Libc.PosixSpawn(arguments, EnvironmentOf("_OCI_SYNCPIPE=3", "_OCI_STARTPIPE=4"), [syncWrite, startRead, .. held], new SpawnStreams(Error: errorWrite), folder);
            }
            cgroups.MoveToMonitors(pid);
            try
            {
                start.WriteByte(1);
            }
            catch (IOException)
            {
                // It was killed before it began: it gives no answer then.
            }
        }
        // The first process ends when the monitor, its child, has been forked; the monitor's answer comes later.
        string answer = await ReadLineAsync(sync).ConfigureAwait(false);
        int? exitCode = Libc.WaitPid(pid);
        if (Parse(answer) is not (int container, string message))
        {
            string text = await ReadToEndAsync(error).ConfigureAwait(false);
            throw RuntimeErrors.Failed($"The monitor (conmon) ended {(exitCode is { } code ? $"with exit code {code} " : "")}and made no container: {text.Trim()}", null);
        }
        return container > 0 ? container : throw RuntimeErrors.FromText(message, command);
    }

    /// <summary>conmon's answer: {"data": PID} or {"data": -1, "message": "…"}. Pure.</summary>
    public static (int Pid, string Message)? Parse(string answer)
    {
        if (answer.Length == 0)
        {
            return null;
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer);
            int pid = document.RootElement.GetProperty("data").GetInt32();
            string message = document.RootElement.TryGetProperty("message", out JsonElement text) ? text.GetString() ?? "" : "";
            return (pid, message);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (-1, answer);
        }
    }

    private static string[] EnvironmentOf(params string[] own)
    {
        IEnumerable<string> ours = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Select(entry => $"{entry.Key}={entry.Value}")
            .Where(entry => s_environmentPrefixes.Any(prefix => entry.StartsWith(prefix, StringComparison.Ordinal)));
        return [.. ours, "PATH=" + ToolLocator.SafePath, .. own];
    }

    private static async Task<string> ReadLineAsync(Stream stream)
    {
        byte[] buffer = new byte[4096];
        List<byte> bytes = [];
        int read;
        while ((read = await stream.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            int end = Array.IndexOf(buffer, (byte)'\n', 0, read);
            bytes.AddRange(buffer.AsSpan(0, end < 0 ? read : end));
            if (end >= 0)
            {
                break;
            }
        }
        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes));
    }

    private static async Task<string> ReadToEndAsync(Stream stream)
    {
        using StreamReader reader = new(stream, leaveOpen: true);
        return await reader.ReadToEndAsync().ConfigureAwait(false);
    }
}
