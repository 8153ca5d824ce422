using System.Globalization;

namespace LayerImage.Engine.Runtime;

/// <summary>Ends a process and all that it has started, among a container's processes.</summary>
internal static class ProcessTree
{
    private const int SIGSTOP = 19, SIGKILL = 9;

    /// <summary>Kills the process and its descendants. Those whose parent has ended belong to the container's first process and stay.</summary>
    public static void Kill(int pid, IReadOnlyList<int> candidates)
    {
        if (!candidates.Contains(pid))
        {
            return;
        }
        List<(int Pid, int Parent)> parents = [.. candidates.Select(candidate => (candidate, ParentOf(candidate)))];
        List<int> tree = [pid];
        for (int i = 0; i < tree.Count; i++)
        {
            // Stopped first, it can start nothing more while its children are looked for.
            ProcessIdentity.Of(tree[i])?.Signal(SIGSTOP);
            tree.AddRange(parents.Where(entry => entry.Parent == tree[i]).Select(entry => entry.Pid));
        }
        foreach (int member in tree)
        {
            ProcessIdentity.Of(member)?.Signal(SIGKILL);
        }
    }

    private static int ParentOf(int pid)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            return int.Parse(stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return -1;
        }
    }
}
