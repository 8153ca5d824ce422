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
    public static void Adopt(string layer, IReadOnlyList<LayerPath> implied, IReadOnlyList<string> lowerDirs)
    {
        using SafeFileHandle root = Libc.OpenDirectory(layer);
        List<SafeFileHandle> lowerRoots = lowerDirs.Select(path => Libc.OpenDirectory(path)).ToList();
        try
        {
            using BeneathRoot target = new(root);
            List<BeneathRoot> lowers = lowerRoots.Select(handle => new BeneathRoot(handle)).ToList();
            foreach (LayerPath path in implied)
            {
                if (FindBelow(lowers, path) is SafeFileHandle source && OpenOwn(target, path) is SafeFileHandle own)
                {
                    Copy(source, own);
                }
            }
            lowers.ForEach(lower => lower.Dispose());
        }
        finally
        {
            lowerRoots.ForEach(handle => handle.Dispose());
        }
    }

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
            return target.Open(path.Components, make: null);
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
        {
            return null;
        }
    }

    // The top-most layer that has the directory. One that has something else of that name, or a whiteout, hides the rest.
    private static SafeFileHandle? FindBelow(List<BeneathRoot> lowers, LayerPath path)
    {
        foreach (BeneathRoot lower in lowers)
        {
            try
            {
                if (lower.Open(path.Components, make: null) is SafeFileHandle found)
                {
                    return found;
                }
            }
            catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
            {
                return null;
            }
        }
        return null;
    }
}
