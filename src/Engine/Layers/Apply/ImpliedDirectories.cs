using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Directories that a layer's tar uses without describing them look as they do in the layers below: owner, mode,
/// times and xattrs. Overlayfs shows the upper-most directory's attributes, so they are copied up here.
/// </summary>
internal static class ImpliedDirectories
{
    /// <summary>Dresses implied directories.</summary>
    /// <param name="layer">The unpacked layer's directory.</param>
    /// <param name="implied">Paths in it, a parent before its children.</param>
    /// <param name="lowerDirs">The layers below, the top one first.</param>
    public static void Adopt(string layer, IReadOnlyList<LayerPath> implied, IReadOnlyList<string> lowerDirs) =>
        ForEach(layer, implied, lowerDirs, (_, source, own) => Copy(source, own));

    /// <summary>What does not look as <see cref="Adopt"/> made it look.</summary>
    public static List<LayerDifference> Compare(string layer, IReadOnlyList<LayerPath> implied, IReadOnlyList<string> lowerDirs)
    {
        List<LayerDifference> differences = [];
        ForEach(layer, implied, lowerDirs, (path, source, own) =>
        {
            FileStatus wanted = Libc.Stat(source), found = Libc.Stat(own);
            string? what = wanted.Permissions != found.Permissions ? $"has the mode 0{Convert.ToString(found.Permissions, 8)} instead of 0{Convert.ToString(wanted.Permissions, 8)}"
                : (wanted.Uid, wanted.Gid) != (found.Uid, found.Gid) ? $"belongs to {found.Uid}:{found.Gid} instead of {wanted.Uid}:{wanted.Gid}"
                : (wanted.ModifiedSeconds, wanted.ModifiedNanoseconds) != (found.ModifiedSeconds, found.ModifiedNanoseconds) ? "has another modification time"
                : !XAttrs(source).SequenceEqual(XAttrs(own)) ? "has other extended attributes" : null;
            if (what is not null)
            {
                differences.Add(new LayerDifference(path.ToString(), what + ", as the directory below it has"));
            }
        });
        return differences;
    }

    private static void ForEach(string layer, IReadOnlyList<LayerPath> implied, IReadOnlyList<string> lowerDirs, Action<LayerPath, SafeFileHandle, SafeFileHandle> action)
    {
        using SafeFileHandle root = Libc.OpenDirectory(layer);
        if (OverlayForm.IsOpaque(root))
        {
            return; // nothing shows through
        }
        using UnionDirectory below = UnionDirectory.OpenRoot(lowerDirs);
        using BeneathRoot target = new(root);
        foreach (LayerPath path in implied)
        {
            using UnionDirectory? source = below.Open(path.Components);
            if (source is not null && OpenOwn(target, path) is SafeFileHandle own)
            {
                action(path, source.Top, own);
            }
        }
    }

    private static IEnumerable<string> XAttrs(SafeFileHandle directory) => LayerTreeWalker.ReadXAttrs(Libc.ThroughDescriptor(directory, NativePath.From("."u8)))
        .Select(attribute => $"{Convert.ToHexString(attribute.Name.Bytes)}={Convert.ToHexString(attribute.Value)}");

    /// <summary>Makes one directory look as another: owner, mode, portable xattrs, times.</summary>
    public static void Copy(SafeFileHandle source, SafeFileHandle target)
    {
        NativePath here = NativePath.From("."u8);
        FileStatus status = Libc.Stat(source);
        Libc.ChownAt(target, here, status.Uid, status.Gid);
        foreach (XAttr attribute in LayerTreeWalker.ReadXAttrs(Libc.ThroughDescriptor(source, here)))
        {
            Libc.SetXAttr(Libc.ThroughDescriptor(target, here), attribute.Name, attribute.Value);
        }
        Libc.Chmod(target, status.Permissions, here);
        Libc.SetTimes(target, status.ModifiedSeconds, status.ModifiedNanoseconds, here);
    }

    private static SafeFileHandle? OpenOwn(BeneathRoot target, LayerPath path)
    {
        try
        {
            return target.Open(path.Components);
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
        {
            return null;
        }
    }
}
