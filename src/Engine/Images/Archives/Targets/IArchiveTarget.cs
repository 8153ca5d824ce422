namespace LayerImage.Engine.Images.Archives;

/// <summary>Where an archive is written. It has its name only when it is finished; disposed before, it leaves nothing.</summary>
internal interface IArchiveTarget : IDisposable
{
    /// <summary>Writes one file into the archive.</summary>
    Task AddAsync(string name, ArchiveItem item, CancellationToken cancellationToken);

    /// <summary>Gives the archive its name.</summary>
    void Finish();
}
