using System.Globalization;
using System.Text.Json;

namespace LayerImage.Engine.Runtime;

/// <summary>The small files of one exec, in the container's bundle.</summary>
internal sealed record ExecFiles(string Prefix)
{
    public string Process => Prefix + ".json";

    public string Pid => Prefix + ".pid";

    /// <summary>crun's own errors go here, so that they cannot be taken for the process's output.</summary>
    public string Log => Prefix + ".log";

    public int? ReadPid()
    {
        try
        {
            return int.TryParse(File.ReadAllText(Pid), CultureInfo.InvariantCulture, out int pid) ? pid : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Throws when crun itself failed.</summary>
    /// <param name="exitCode">crun's, or null where nobody could tell.</param>
    /// <param name="command">The program, for the errors that are about it.</param>
    public void ThrowIfFailed(int? exitCode, string command)
    {
        if (exitCode == 0 || !File.Exists(Log))
        {
            return;
        }
        string text = string.Join("; ", File.ReadLines(Log).Select(Message).Where(message => message.Length > 0));
        if (text.Length > 0)
        {
            throw RuntimeErrors.FromText(text, command);
        }
    }

    public void Delete()
    {
        foreach (string path in new[] { Process, Pid, Log })
        {
            try
            {
                File.Delete(path);
            }
            catch (DirectoryNotFoundException)
            {
                // The container's end took the whole bundle away.
            }
        }
    }

    private static string Message(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.TryGetProperty("msg", out JsonElement text) ? text.GetString() ?? "" : "";
        }
        catch (JsonException)
        {
            return line;
        }
    }
}
