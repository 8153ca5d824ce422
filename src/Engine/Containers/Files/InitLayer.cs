using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Containers;

/// <summary>
/// The places where a container's /proc, /sys, /dev and three files of /etc are mounted, and the folders that the image
/// declares as volumes (VOLUME), where the image lacks them. They stand in a layer of their own between the image and the upper directory (as docker's "-init" layer), so that
/// they are neither a change of the container's nor part of a commit.
/// </summary>
internal static class InitLayer
{
    private static readonly string[] s_directories = ["dev", "proc", "sys"];
    private static readonly string[] s_files = ["hostname", "hosts", "resolv.conf"];

    /// <summary>Fills an empty directory; false when the image has everything and the layer is not needed.</summary>
    /// <param name="directory">The layer to fill.</param>
    /// <param name="lowerDirs">The image's layers, the top one first.</param>
    /// <param name="volumes">The folders that the image declares as volumes.</param>
    public static bool Fill(string directory, IReadOnlyList<string> lowerDirs, IEnumerable<string> volumes)
    {
        using UnionDirectory image = UnionDirectory.OpenRoot(lowerDirs);
        using SafeFileHandle layer = Libc.OpenDirectory(directory);
        bool any = false;
        foreach (string name in s_directories.Where(name => image.Find(name)?.IsDirectory != true))
        {
            InitFolders.MakeDirectory(layer, name);
            any = true;
        }
        any |= FillEtc(layer, image);
        foreach (string volume in volumes)
        {
            any |= InitFolders.Make(layer, image, volume);
        }
        return any;
    }

    private static bool FillEtc(SafeFileHandle layer, UnionDirectory image)
    {
        using UnionDirectory? below = image.Open("etc");
        string[] missing = [.. s_files.Where(name => below?.Find(name)?.Status.Type != FileType.Regular)];
        if (missing.Length == 0)
        {
            return false;
        }
        InitFolders.MakeDirectory(layer, "etc");
        using SafeFileHandle etc = Libc.OpenAt(layer, "etc", OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        foreach (string name in missing)
        {
            using SafeFileHandle file = Libc.OpenAt(etc, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, 0x1A4);
            Libc.Chmod(file, 0x1A4 /* 0644 */, name);
        }
        if (below is not null)
        {
            ImpliedDirectories.Copy(below.Top, etc); // overlayfs shows the upper-most directory's attributes
        }
        return true;
    }
}
