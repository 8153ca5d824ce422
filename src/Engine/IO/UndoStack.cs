namespace LayerImage.Engine.IO;

/// <summary>
/// Undo steps of a start that has several parts. Steps run in reverse when the object is disposed before
/// <see cref="Commit"/>; one that fails does not keep the others from running.
/// </summary>
internal sealed class UndoStack : IAsyncDisposable
{
    private readonly Stack<Func<Task>> _steps = new();

    /// <summary>Adds a step that takes back what was just made.</summary>
    public void Push(Action undo) => _steps.Push(() =>
    {
        undo();
        return Task.CompletedTask;
    });

    /// <summary>Adds an asynchronous step that takes back what was just made.</summary>
    public void Push(Func<Task> undo) => _steps.Push(undo);

    /// <summary>All is done: nothing is to be undone any more.</summary>
    public void Commit() => _steps.Clear();

    public async ValueTask DisposeAsync()
    {
        while (_steps.TryPop(out Func<Task>? undo))
        {
            try
            {
                await undo().ConfigureAwait(false);
            }
            catch (Exception e) when (e is Errors.LayerImageException or IOException or UnauthorizedAccessException)
            {
                // The error that brought us here is the one to report; what stays behind is found by the next look.
            }
        }
    }
}
