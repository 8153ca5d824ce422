using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>A name in a <see cref="StackedDirectory"/>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Status">What the upper-most layer that has it says of it; a whiteout where that deletes it.</param>
/// <param name="Layer">Which of the directories has it, 0 the top one.</param>
internal readonly record struct StackedEntry(NativePath Name, FileStatus Status, int Layer);

/// <summary>
/// A directory of several layers in overlayfs's form, as one layer with the same effect would have it. A container's
/// changes are such a stack, once its upper directory has become a layer and a new one has begun.
/// </summary>
internal sealed class StackedDirectory : IDisposable
{
    private readonly List<SafeFileHandle> _layers = [];

    private StackedDirectory()
    {
    }

    /// <summary>Whether it hides all that layers below the stack have there.</summary>
    public bool IsOpaque { get; private set; }

    /// <summary>Whether several layers have it.</summary>
    public bool IsMerged => _layers.Count > 1;

    /// <summary>The upper-most layer's directory, whose attributes are the stack's.</summary>
    public SafeFileHandle Top => _layers[0];

    /// <summary>The directory that an entry is in.</summary>
    public SafeFileHandle DirectoryOf(in StackedEntry entry) => _layers[entry.Layer];

    /// <summary>Opens the roots of a stack, the top layer first.</summary>
    public static StackedDirectory Open(IReadOnlyList<string> layers) => Fill(stack =>
    {
        for (int layer = 0; layer < layers.Count && !stack.IsOpaque; layer++)
        {
            stack.Add(Libc.OpenDirectory(layers[layer]));
        }
    });

    /// <summary>Its names, sorted by their bytes: the disk's order tells nothing.</summary>
    /// <param name="mayChange">Whether names may vanish while it is read; else that is an error.</param>
    public List<StackedEntry> Read(bool mayChange)
    {
        List<StackedEntry> entries = [];
        HashSet<string>? seen = _layers.Count > 1 ? [] : null;
        for (int layer = 0; layer < _layers.Count; layer++)
        {
            foreach (NativePath name in Libc.ReadDirectory(_layers[layer]))
            {
                if (seen is not null && !seen.Add(Encoding.Latin1.GetString(name.Bytes)))
                {
                    continue;
                }
                if (Libc.TryStatAt(_layers[layer], name, out FileStatus status))
                {
                    entries.Add(new StackedEntry(name, status, layer));
                }
                else if (!mayChange)
                {
                    throw new LinuxException("statx", LinuxException.ENOENT, name.ToString());
                }
            }
        }
        entries.Sort(static (a, b) => a.Name.Bytes.SequenceCompareTo(b.Name.Bytes));
        return entries;
    }

    /// <summary>Opens a directory in it.</summary>
    public StackedDirectory OpenDirectory(in StackedEntry entry)
    {
        (NativePath name, int top) = (entry.Name, entry.Layer);
        return Fill(stack =>
        {
            for (int layer = top; layer < _layers.Count && !stack.IsOpaque; layer++)
            {
                if (!Libc.TryStatAt(_layers[layer], name, out FileStatus status))
                {
                    continue;
                }
                if (status.Type == FileType.Directory)
                {
                    stack.Add(Libc.OpenAt(_layers[layer], name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow));
                }
                else
                {
                    stack.IsOpaque = true; // what it replaced or deleted hides what is below that
                }
            }
        });
    }

    private static StackedDirectory Fill(Action<StackedDirectory> fill)
    {
        StackedDirectory stack = new();
        try
        {
            fill(stack);
            return stack;
        }
        catch
        {
            stack.Dispose();
            throw;
        }
    }

    private void Add(SafeFileHandle directory)
    {
        _layers.Add(directory);
        IsOpaque = OverlayForm.IsOpaque(directory);
    }

    public void Dispose() => _layers.ForEach(layer => layer.Dispose());
}
