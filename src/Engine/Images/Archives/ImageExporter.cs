using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Archives;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>
/// Writes images into one archive or folder: what each format needs is planned first, then written in the order of the
/// names, straight to its place beside the target, and given the target's name at the end. The same images make the
/// same bytes.
/// </summary>
internal sealed class ImageExporter(LayerStore layers, ContentStore content, LayerPacker packer)
{
    /// <summary>Fails as <see cref="ExportAsync"/> would when something is in the way.</summary>
    public static void Check(string path, ExportOptions options) =>
        ArchivePlace.Check(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), options.Format == ImageExportFormat.OciLayout, options.Force);

    /// <summary>Writes images into an archive or a folder.</summary>
    /// <exception cref="LayerImageException">PathInvalid: the target exists or cannot be written; LayerCorrupt; DiskFull.</exception>
    public async Task<FileSystemInfo> ExportAsync(
        IReadOnlyList<ImageToExport> images,
        string path,
        ExportOptions options,
        IEngineObserver observer,
        CancellationToken cancellationToken)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        bool isFolder = options.Format == ImageExportFormat.OciLayout;
        ArchivePlace.Check(target, isFolder, options.Force);
        LayerProgress progress = new(observer, $"Export to {Path.GetFileName(target)}");
        List<ImageToExport> whole = Unite(images);
        if (options.Format != ImageExportFormat.DockerArchive)
        {
            for (int i = 0; i < whole.Count; i++)
            {
                whole[i] = whole[i] with
                {
                    Image = await packer.PackAsync(whole[i].Image, LayerCompression.Gzip, progress, cancellationToken).ConfigureAwait(false),
                };
            }
        }
        ArchivePlan plan = options.Format == ImageExportFormat.DockerArchive
            ? new DockerArchivePlanner(layers, content, progress).Plan(whole, options.Excluding)
            : new OciArchivePlanner(content, progress).Plan(whole, options.Excluding);
        try
        {
            await WriteAsync(plan, target, isFolder, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LayerImageException(EngineError.PathInvalid, $"'{target}' cannot be written: {e.Message}", e)
            {
                Target = target,
                Advice = "Name a place where you may write.",
            };
        }
        return isFolder ? new DirectoryInfo(target) : new FileInfo(target);
    }

    private static async Task WriteAsync(ArchivePlan plan, string target, bool isFolder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target) ?? target);
        using IArchiveTarget archive = isFolder ? new FolderTarget(target) : new TarTarget(target);
        foreach ((string name, ArchiveItem item) in plan.Items)
        {
            await archive.AddAsync(name, item, cancellationToken).ConfigureAwait(false);
        }
        cancellationToken.ThrowIfCancellationRequested();
        archive.Finish();
    }

    // An image that was named twice is one with all these tags.
    private static List<ImageToExport> Unite(IReadOnlyList<ImageToExport> images) =>
        [.. images.GroupBy(image => image.Image.Id)
            .Select(same => new ImageToExport(same.First().Image, [.. same.SelectMany(image => image.Tags).Distinct()]))];
}
