using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Brings the layers of one image into the store, side by side: no layer waits for the one below it.</summary>
internal sealed class StackMaker(StoreLayout layout, LayerStore layers, ContentStore content)
{
    private const int MostTries = 10;

    /// <summary>Brings an image's layers into the store.</summary>
    /// <param name="source">Where their blobs come from.</param>
    /// <param name="blobs">The blobs, the base first.</param>
    /// <param name="diffIds">What each must unpack to.</param>
    /// <param name="image">What messages call the image.</param>
    /// <param name="throttle">How many layers are worked on at once.</param>
    /// <param name="progress">Where progress goes.</param>
    /// <param name="cancellationToken">Ends the work; what was received stays for the next time.</param>
    /// <param name="limits">How much may come out of a blob; null for all.</param>
    /// <returns>For each layer its unpacked form, or null where this process cannot unpack and only the blob is here.</returns>
    public async Task<IReadOnlyList<LayerRecord?>> ReceiveAsync(
        IBlobSource source,
        IReadOnlyList<Descriptor> blobs,
        IReadOnlyList<Digest> diffIds,
        string image,
        int throttle,
        LayerProgress progress,
        CancellationToken cancellationToken,
        UnpackLimits? limits = null)
    {
        IReadOnlyList<Digest> chain = ChainId.Of(diffIds);
        WantedLayer[] wanted = [.. blobs.Select((blob, i) => new WantedLayer(blob, diffIds[i], chain[i]))];
        if (wanted.GroupBy(layer => layer.Blob.Digest).FirstOrDefault(same => same.Select(layer => layer.DiffId).Distinct().Count() > 1) is { } two)
        {
            throw new LayerImageException(EngineError.DigestMismatch, $"{image} says that the layer {two.Key} unpacks to two different things.")
            {
                Target = two.Key.ToString(),
                Advice = "The image was built wrongly or is hostile; ask who made it.",
            };
        }
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await ReceiveAsync(source, wanted, image, throttle, progress, limits ?? UnpackLimits.None, cancellationToken).ConfigureAwait(false);
            }
            catch (LinuxException e) when (e.Errno == LinuxException.ENOENT && attempt < MostTries)
            {
                // A layer that another one stands on was removed by another process meanwhile; it is made again.
            }
        }
    }

    private async Task<IReadOnlyList<LayerRecord?>> ReceiveAsync(
        IBlobSource source,
        WantedLayer[] wanted,
        string image,
        int throttle,
        LayerProgress progress,
        UnpackLimits limits,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim slots = new(Math.Max(1, throttle));
        LayerMaker maker = new(layout, layers, content, progress, new UnpackBudget(limits, wanted.Sum(layer => layer.Blob.Size)));
        Task<LayerRecord?>[] tasks = new Task<LayerRecord?>[wanted.Length];
        // The largest first: one that comes last would be worked on alone.
        Task[] turns = new Task[wanted.Length];
        foreach (int i in Enumerable.Range(0, wanted.Length).OrderByDescending(i => wanted[i].Blob.Size))
        {
            turns[i] = slots.WaitAsync(failed.Token);
        }
        for (int i = 0; i < wanted.Length; i++)
        {
            int position = i;
            tasks[i] = Task.Run(
                () => maker.ReceiveAsync(source, wanted[position], () => BelowAsync(position), turns[position], slots, failed.Token),
                CancellationToken.None);
        }
        foreach (Task task in tasks)
        {
            const TaskContinuationOptions Failed = TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously;
            _ = task.ContinueWith(_ => failed.Cancel(), CancellationToken.None, Failed, TaskScheduler.Default);
        }
        await ((Task)Task.WhenAll(tasks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (tasks.Any(task => task.Exception?.InnerException is LayerImageException { Error: EngineError.DiskFull }))
        {
            maker.Forget(wanted);
        }
        // The first real failure, not the cancellations that followed from it.
        if (tasks.FirstOrDefault(task => task.IsFaulted) is { } broken)
        {
            throw Named(image, broken.Exception!.InnerException!);
        }
        return await Task.WhenAll(tasks).ConfigureAwait(false);

        async Task<IReadOnlyList<LayerRecord>> BelowAsync(int position) =>
            [.. (await Task.WhenAll(tasks[..position]).ConfigureAwait(false)).OfType<LayerRecord>()];
    }

    // What is wrong with a layer is told together with the image that it belongs to.
    private static Exception Named(string image, Exception failure)
    {
        const EngineError Invalid = EngineError.LayerInvalid, TooLarge = EngineError.LayerTooLarge;
        return failure is LayerImageException { Error: Invalid or TooLarge or EngineError.DigestMismatch or EngineError.SizeMismatch } known
            ? new LayerImageException(known.Error, $"{image} was not received. {known.Message}", known) { Target = known.Target, Advice = known.Advice }
            : failure;
    }
}
