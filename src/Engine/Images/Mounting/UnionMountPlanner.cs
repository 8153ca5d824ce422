using System.Security.Cryptography;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images.Mounting;

/// <summary>Turns a request into folders: all that is wrong with it is told before anything is made.</summary>
internal sealed class UnionMountPlanner(StoreLayout layout, UnionMountRecords records, TimeProvider clock)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Plans.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="image">The unpacked image, or null for folders.</param>
    /// <param name="lowerDirs">What is united, the top one first; what no union shows is left out.</param>
    /// <param name="shownRoot">The layer whose root the union shows; null: the top-most folder's.</param>
    public UnionMountRecord Make(UnionMountRequest request, Image? image, IReadOnlyList<string> lowerDirs, string? shownRoot)
    {
        string id = RandomNumberGenerator.GetHexString(16, lowercase: true);
        CheckWorkDir(request);
        (string path, bool exists) = request.Path is null
            ? (Path.Combine(layout.Run, "mounts", id), false)
            : CanonicalFolder.ResolveNew(request.Path, "mount point");
        MadeForMount made = exists ? MadeForMount.None : MadeForMount.Path;
        (string? upper, string? work) = (null, null);
        if (request.UpperDir is not null)
        {
            upper = CanonicalFolder.ResolveNew(request.UpperDir, "upper folder").Path;
            (work, bool hasWork) = CanonicalFolder.ResolveNew(request.WorkDir ?? upper + ".work", "work folder");
            made |= hasWork ? MadeForMount.None : MadeForMount.WorkDir;
        }
        else if (request.Writable)
        {
            (upper, work) = (Path.Combine(records.FolderOf(id), "upper"), Path.Combine(records.FolderOf(id), "work"));
            made |= MadeForMount.UpperDir | MadeForMount.WorkDir;
        }
        CheckPath(path, request, lowerDirs);
        CheckUpper(upper, work, lowerDirs);
        string root = shownRoot ?? lowerDirs[0];
        // Overlayfs unites two at least, and shows the top-most folder's root, which need not be the one that the image describes.
        if (upper is null && (lowerDirs.Count == 1 || (lowerDirs.Count < OverlayMountDriver.MostLayers && !LooksLike(root, lowerDirs[0]))))
        {
            made |= MadeForMount.Root;
            lowerDirs = [RootOf(id), .. lowerDirs];
        }
        UnionMount mount = new()
        {
            Id = id,
            Reference = image?.Reference,
            ImageId = image?.Id,
            LowerDirs = lowerDirs,
            UpperDir = upper,
            WorkDir = work,
            Merged = path,
            IsMounted = true,
            MountedAt = clock.GetUtcNow(),
        };
        return new UnionMountRecord { Mount = mount, Made = made };
    }

    private static void CheckWorkDir(UnionMountRequest request)
    {
        if (request.WorkDir is not null && request.UpperDir is null)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "A work folder is for a union with an upper folder of your own.")
            {
                Target = request.WorkDir,
                Advice = "Give -UpperDir as well.",
            };
        }
    }

    /// <summary>Makes the folders that a mount needs.</summary>
    /// <param name="record">What was planned, and is recorded: so that whatever is made here goes again.</param>
    /// <param name="shownRoot">The layer whose root the union shows; null: the top-most folder's.</param>
    public void Prepare(UnionMountRecord record, string? shownRoot)
    {
        UnionMount mount = record.Mount;
        string root = shownRoot ?? mount.LowerDirs[record.Made.HasFlag(MadeForMount.Root) ? 1 : 0];
        if (CanonicalFolder.IsWithin(mount.Merged, layout.Run) && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Path.GetDirectoryName(mount.Merged)!, Private); // layers hold setuid programs
        }
        Directory.CreateDirectory(mount.Merged);
        if (mount.UpperDir is not null)
        {
            bool isNew = !Directory.Exists(mount.UpperDir);
            Directory.CreateDirectory(mount.UpperDir);
            Directory.CreateDirectory(mount.WorkDir!);
            if (isNew)
            {
                Dress(root, mount.UpperDir);
            }
        }
        else if (record.Made.HasFlag(MadeForMount.Root))
        {
            Dress(root, Directory.CreateDirectory(RootOf(mount.Id)).FullName);
        }
    }

    private string RootOf(string id) => Path.Combine(records.FolderOf(id), "root");

    private void CheckPath(string path, UnionMountRequest request, IReadOnlyList<string> lowerDirs)
    {
        if (request.Path is null)
        {
            return;
        }
        if (CanonicalFolder.IsWithin(path, layout.Root) || CanonicalFolder.IsWithin(layout.Root, path))
        {
            throw new LayerImageException(EngineError.PathInvalid, $"The mount point {path} would hide a part of the store {layout.Root}.")
            {
                Target = request.Path,
                Advice = "Give a folder outside the store.",
            };
        }
        if (MountInfo.Read().LastOrDefault(mount => mount.MountPoint == path) is { IsOurs: true })
        {
            throw new LayerImageException(EngineError.MountInUse, $"A union is mounted at {path} already.")
            {
                Target = request.Path,
                Advice = $"Dismount-LayerImage '{path}' first, or give another path.",
            };
        }
        if (lowerDirs.FirstOrDefault(lower => CanonicalFolder.IsWithin(lower, path)) is string inside)
        {
            throw new LayerImageException(EngineError.PathInvalid, $"The mount point {path} would hide {inside}, which is to be united.")
            {
                Target = request.Path,
                Advice = "Give another mount point.",
            };
        }
    }

    private void CheckUpper(string? upper, string? work, IReadOnlyList<string> lowerDirs)
    {
        if (upper is null)
        {
            return;
        }
        if (CanonicalFolder.IsWithin(upper, layout.Layers) || CanonicalFolder.IsWithin(upper, layout.Containers))
        {
            throw new LayerImageException(EngineError.PathInvalid, $"The upper folder {upper} is the store's: layers never change.")
            {
                Target = upper,
                Advice = "Give a folder of your own.",
            };
        }
        if (lowerDirs.FirstOrDefault(lower => CanonicalFolder.IsWithin(upper, lower) || CanonicalFolder.IsWithin(lower, upper)) is string overlap)
        {
            throw new LayerImageException(EngineError.PathInvalid, $"The upper folder {upper} and {overlap}, which is to be united, are inside one another.")
            {
                Target = upper,
                Advice = "Give a folder of its own.",
            };
        }
        if (MountOf(upper) != MountOf(work!))
        {
            throw new LayerImageException(EngineError.PathInvalid, $"The upper folder {upper} and the work folder {work} are not on one file system.")
            {
                Target = upper,
                Advice = "Give a -WorkDir on the file system of the upper folder: where that is a mount point itself, folders in it for both.",
            };
        }
        // The kernel only warns, and then loses data. Other programs' unions are asked of mountinfo; ours may be in another namespace.
        bool isTaken(string? used) => used == upper || used == work;
        string? user = records.List().Find(record => record.Mount.IsMounted && (isTaken(record.Mount.UpperDir) || isTaken(record.Mount.WorkDir)))?.Mount.Merged
            ?? MountInfo.Read()
                .FirstOrDefault(mount => mount.FileSystem == "overlay" && (isTaken(mount.Option("upperdir")) || isTaken(mount.Option("workdir"))))?.MountPoint;
        if (user is not null)
        {
            throw new LayerImageException(EngineError.MountInUse, $"The upper folder {upper} takes the changes of the union at {user} already.")
            {
                Target = upper,
                Advice = "Dismount that first, or give another folder.",
            };
        }
    }

    // Of the folder, or of the one that it will be made in.
    private static ulong MountOf(string folder)
    {
        string there = folder;
        while (!Directory.Exists(there))
        {
            there = Path.GetDirectoryName(there)!;
        }
        using SafeFileHandle handle = Libc.Open(there, OpenFlags.PathOnly | OpenFlags.Directory);
        return Libc.Stat(handle).MountId;
    }

    private static void Dress(string from, string to)
    {
        using SafeFileHandle source = Libc.OpenDirectory(from), target = Libc.OpenDirectory(to);
        ImpliedDirectories.Copy(source, target);
    }

    private static bool LooksLike(string one, string other)
    {
        Libc.TryStat(one, out FileStatus a);
        Libc.TryStat(other, out FileStatus b);
        return (a.Permissions, a.Uid, a.Gid) == (b.Permissions, b.Uid, b.Gid);
    }
}
