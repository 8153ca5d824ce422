namespace LayerImage.Engine.Images.Archives;

/// <summary>Bounds what the documents of one archive may have together: all are held until its images are in.</summary>
internal sealed class DocumentBudget(string archive)
{
    private const long Most = 64 << 20;
    private long _spent;

    /// <summary>Counts a document and hands it on.</summary>
    /// <exception cref="Errors.LayerImageException">ManifestInvalid: they are too large together.</exception>
    public byte[] Spend(byte[] document)
    {
        _spent += document.Length;
        return _spent <= Most ? document : throw ArchiveErrors.Invalid(archive, $"its manifests and configurations have more than {Most} bytes together");
    }
}
