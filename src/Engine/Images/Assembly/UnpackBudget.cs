namespace LayerImage.Engine.Images;

/// <summary>
/// What the layers of one image may unpack to: each no more than its own blob allows, and all together no more than one blob
/// of all their bytes. Else an image of 500 tiny layers might fill 500 times what each may always have.
/// </summary>
/// <param name="limits">The limits.</param>
/// <param name="blobBytes">Bytes of all the blobs.</param>
internal sealed class UnpackBudget(UnpackLimits limits, long blobBytes)
{
    private long _left = limits.For(blobBytes);

    /// <summary>Counts what comes out of one layer; false when that is too much. Thread-safe between layers.</summary>
    public Func<int, bool> OfLayer(long blobSize)
    {
        long left = limits.For(blobSize);
        return bytes => (left -= bytes) >= 0 && Interlocked.Add(ref _left, -bytes) >= 0;
    }
}
