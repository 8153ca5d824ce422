using System.Globalization;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Store;

/// <summary>
/// A folder for work under way, on the store's file system so that its content can be renamed into place. Its name
/// says which process of which boot works in it, so that what a killed process left is recognised and removed.
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    private ScratchFolder(string path) => Path = path;

    public string Path { get; }

    public static ScratchFolder Create(StoreLayout layout)
    {
        int pid = Environment.ProcessId;
        string name = string.Create(CultureInfo.InvariantCulture, $"{HostProcess.BootId}.{pid}.{HostProcess.StartTime(pid)}.{Guid.NewGuid():N}");
        string path = System.IO.Path.Combine(layout.Scratch, name);
        Directory.CreateDirectory(path);
        return new ScratchFolder(path);
    }

    /// <summary>Removes what dead processes left. Cheap when there is nothing.</summary>
    public static void Sweep(StoreLayout layout)
    {
        foreach (string path in Directory.EnumerateDirectories(layout.Scratch))
        {
            string[] parts = System.IO.Path.GetFileName(path).Split('.');
            bool alive = parts.Length == 4 && parts[0] == HostProcess.BootId
                && int.TryParse(parts[1], CultureInfo.InvariantCulture, out int pid)
                && long.TryParse(parts[2], CultureInfo.InvariantCulture, out long start) && HostProcess.IsAlive(pid, start);
            if (!alive)
            {
                TreeRemoval.Remove(path);
            }
        }
    }

    public void Dispose() => TreeRemoval.Remove(Path);
}
