using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Tells archives of images from root file systems, which may have files of the same names.</summary>
internal static class ArchiveKinds
{
    /// <summary>Whether files are docker's or OCI's archive.</summary>
    /// <param name="files">The files.</param>
    /// <param name="isPure">Whether nothing else is there: then what is wrong with its lists is told, and not passed over.</param>
    /// <param name="archive">What messages call it.</param>
    public static bool IsArchive(IArchiveFiles files, bool isPure, string archive) => isPure
        ? files.Find(ArchiveNames.DockerManifest) is not null || files.Find(ArchiveNames.OciLayout) is not null || files.Find(ArchiveNames.OciIndex) is not null
        : HoldsDockerImages(files, archive) || HoldsOciImages(files, archive);

    /// <summary>Whether what is read are OCI's lists: where both kinds are, docker 25 and later wrote it, and OCI's say more.</summary>
    public static bool IsOci(IArchiveFiles files) => files.Find(ArchiveNames.OciIndex) is not null
        && (files.Find(ArchiveNames.OciLayout) is not null || files.Find(ArchiveNames.DockerManifest) is null);

    private static bool HoldsDockerImages(IArchiveFiles files, string archive)
    {
        try
        {
            return files.Find(ArchiveNames.DockerManifest) is not null
                && DockerArchiveReader.ReadManifest(files, archive) is { Length: > 0 } entries && entries.All(entry => files.Find(entry.Config!) is not null);
        }
        catch (LayerImageException)
        {
            return false; // a program's own manifest.json
        }
    }

    private static bool HoldsOciImages(IArchiveFiles files, string archive)
    {
        try
        {
            return files.Find(ArchiveNames.OciIndex) is not null
                && ManifestParser.ParseIndex(ArchiveDocuments.Read(files, archive, ArchiveNames.OciIndex), archive).Manifests is { Count: > 0 } manifests
                && manifests.Any(entry => files.Find(ArchiveNames.Blob(entry.Digest)) is not null);
        }
        catch (LayerImageException)
        {
            return false; // a program's own index.json
        }
    }
}
