namespace LayerImage.Benchmarks;

/// <summary>
/// A container engine that takes part, and does the same few things as the others, each as its users would do it. Each work
/// asks for the store that it needs; what is in the one before is ended then.
/// </summary>
internal interface IContender : IAsyncDisposable
{
    /// <summary>The name in the table.</summary>
    string Name { get; }

    /// <summary>Gets ready, once.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Makes a further store, with nothing in it but the image "box". Not part of what is measured.</summary>
    Task UseBoxAsync(CancellationToken cancellationToken);

    /// <summary>Starts a detached container of "box" that sleeps; with a published port when given.</summary>
    Task StartAsync(string container, int? port, CancellationToken cancellationToken);

    /// <summary>Runs a command in a container.</summary>
    Task ExecAsync(string container, string[] command, CancellationToken cancellationToken);

    /// <summary>Stops a running container at once.</summary>
    Task StopAsync(string container, CancellationToken cancellationToken);

    /// <summary>Stops and removes a running container.</summary>
    Task RemoveAsync(string container, CancellationToken cancellationToken);

    /// <summary>Lists all containers.</summary>
    Task ListAsync(CancellationToken cancellationToken);

    /// <summary>Makes an image of a container.</summary>
    Task CommitAsync(string container, string image, CancellationToken cancellationToken);

    /// <summary>Ends and removes all containers.</summary>
    Task ClearAsync();

    /// <summary>Makes a further, empty store: what is pulled next finds nothing there. Not part of what is measured.</summary>
    Task UseEmptyStoreAsync(CancellationToken cancellationToken);

    /// <summary>Pulls an image.</summary>
    Task PullAsync(string reference, CancellationToken cancellationToken);

    /// <summary>Pushes an image that was pulled, under another name.</summary>
    Task PushAsync(string reference, string destination, CancellationToken cancellationToken);

    /// <summary>Writes an image into a docker archive.</summary>
    Task SaveAsync(string image, string path, CancellationToken cancellationToken);

    /// <summary>Writes an image into an OCI archive.</summary>
    /// <exception cref="NotSupportedException">This engine cannot.</exception>
    Task SaveOciAsync(string image, string path, CancellationToken cancellationToken);

    /// <summary>Reads the images of a docker archive.</summary>
    Task LoadAsync(string path, CancellationToken cancellationToken);
}
