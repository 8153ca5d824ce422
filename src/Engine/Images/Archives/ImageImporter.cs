using System.Runtime.CompilerServices;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Archives;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Imports what a file or folder holds, told apart by its content.</summary>
internal sealed class ImageImporter(StoreLayout layout, RootFileSystemImporter roots, ArchiveImporter archives)
{
    /// <summary>Fails as <see cref="ImportAsync"/> would before it reads anything.</summary>
    public static void Check(string path, ImportOptions options)
    {
        _ = options.Reference is null ? null : ImageReference.ParseName(options.Reference);
        if (!Path.Exists(path))
        {
            throw new LayerImageException(EngineError.PathInvalid, $"There is nothing at '{path}'.")
            {
                Target = path,
                Advice = "Give an archive of images, an OCI layout, or a root file system.",
            };
        }
    }

    /// <summary>Imports it; each image as soon as it is in.</summary>
    public async IAsyncEnumerable<Image> ImportAsync(
        string path,
        ImportOptions options,
        IEngineObserver observer,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ImageReference? reference = options.Reference is null ? null : ImageReference.ParseName(options.Reference);
        ScratchFolder.Sweep(layout);
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        using IArchiveFiles? archive = await OpenAsync(path, scratch, cancellationToken).ConfigureAwait(false);
        if (archive is null)
        {
            yield return await ImportRootAsync(path, reference, options, scratch, cancellationToken).ConfigureAwait(false);
            yield break;
        }
        if (options.Changes.Count > 0 || options.Message is not null)
        {
            throw new LayerImageException(EngineError.ParameterInvalid,
                $"'{path}' is an archive of images: they come in as they are, without -Change and -Message.")
            { Target = path, Advice = "Import it without them; a container of the image can be changed and committed." };
        }
        await foreach (Image image in archives.ImportAsync(archive, path, reference, observer, cancellationToken).ConfigureAwait(false))
        {
            yield return image;
        }
    }

    private async Task<Image> ImportRootAsync(
        string path,
        ImageReference? reference,
        ImportOptions options,
        ScratchFolder scratch,
        CancellationToken cancellationToken)
    {
        try
        {
            return await roots.ImportAsync(path, reference, options, scratch, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
        {
            throw Unreadable(path, e);
        }
    }

    private static async Task<IArchiveFiles?> OpenAsync(string path, ScratchFolder scratch, CancellationToken cancellationToken)
    {
        try
        {
            return await ArchiveOpener.TryOpenAsync(path, scratch, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
        {
            throw Unreadable(path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new LayerImageException(EngineError.PathInvalid, $"'{path}' cannot be read: {e.Message}", e)
            {
                Target = path,
                Advice = "Check who may read it.",
            };
        }
    }

    // The user's own file is simply of another kind, more often than it is hostile.
    private static LayerImageException Unreadable(string path, LayerImageException e) =>
        new(e.Error, $"'{path}' could not be read as an archive of images, nor as the tar of a root file system. {e.Message}", e)
        { Target = path, Advice = "Give an archive or folder that docker, podman or LayerImage wrote, or the folder or tar of a root file system." };
}
