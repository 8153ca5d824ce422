using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Store;

/// <summary>
/// A container's upper directory that becomes a layer by a rename. It carries the container's id, and it is renamed
/// inside the transaction that records the layer: so one without a record, seen inside another transaction, is what a
/// killed process left, and goes back to its container. After the record the container gets a new upper directory.
/// </summary>
internal static class UpperHandover
{
    private static readonly NativePath s_here = ".";

    /// <summary>Says whose it is, before it is synced and renamed.</summary>
    public static void Mark(string upper, string container)
    {
        using SafeFileHandle root = Libc.OpenDirectory(upper);
        Libc.SetXAttr(Libc.ThroughDescriptor(root, s_here), OverlayForm.UpperOf, Encoding.ASCII.GetBytes(container));
        FaultPoint.Reach(FaultPoint.UpperMarked);
    }

    /// <summary>Gives a directory among the layers back to the container whose upper directory it is; false when it is none's.</summary>
    public static bool TryReturn(StoreTransaction transaction, StoreLayout layout, string directory)
    {
        if (!StoreEntry.IsDirectory(directory)
            || OwnerOf(directory) is not string container
            || Directory.Exists(layout.Upper(container))
            || !Directory.Exists(layout.Container(container))
            || !ContainerTable.Exists(transaction, container)
            || LayerTable.Exists(transaction, Path.GetFileName(directory)))
        {
            return false;
        }
        Libc.Rename(directory, layout.Upper(container));
        AtomicFile.SyncDirectory(layout.Container(container));
        return true;
    }

    /// <summary>Sees to it that a container has its upper directory, whatever a killed commit left. The caller holds the container's lock.</summary>
    public static void Reconcile(StoreDatabase database, StoreLayout layout, string container)
    {
        if (Directory.Exists(layout.Upper(container)) || !Directory.Exists(layout.Container(container)))
        {
            return;
        }
        string? top = database.Write(transaction =>
            Directory.EnumerateDirectories(layout.Layers).Any(layer => OwnerOf(layer) == container && TryReturn(transaction, layout, layer))
                ? null
                : ContainerLayerTable.TopOf(transaction, container));
        if (top is not null)
        {
            Renew(layout, container, layout.Layer(top)); // killed after the record
        }
    }

    /// <summary>Gives a container a new upper directory whose root looks as the old one's did, which is a layer now.</summary>
    public static void Renew(StoreLayout layout, string container, string old)
    {
        string next = Path.Combine(layout.Container(container), "next");
        TreeRemoval.Remove(next);
        Directory.CreateDirectory(next);
        using (SafeFileHandle source = Libc.OpenDirectory(old), target = Libc.OpenDirectory(next))
        {
            ImpliedDirectories.Copy(source, target);
        }
        AtomicFile.SyncDirectory(next);
        FaultPoint.Reach(FaultPoint.UpperRenewing);
        Libc.Rename(next, layout.Upper(container));
        AtomicFile.SyncDirectory(layout.Container(container));
    }

    private static string? OwnerOf(string directory)
    {
        using SafeFileHandle root = Libc.OpenDirectory(directory);
        return Libc.GetXAttr(Libc.ThroughDescriptor(root, s_here), OverlayForm.UpperOf) is byte[] id ? Encoding.ASCII.GetString(id) : null;
    }
}
