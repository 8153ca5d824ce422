using System.Diagnostics.CodeAnalysis;

namespace LayerImage.Engine.Layers;

/// <summary>
/// The directories that a walk is in, one in the other. A walk is a loop over these and no recursion: a layer or a container can
/// nest directories deeper than any stack. However it ends, what is open is closed.
/// </summary>
/// <param name="leaving">Told of each level when all of its names are through, before it is closed; not after a failure.</param>
internal sealed class DirectoryWalk<TLevel, TName>(Action<TLevel>? leaving = null) : IDisposable
    where TLevel : OpenLevel<TName>
{
    private readonly Stack<TLevel> _levels = [];

    public int Count => _levels.Count;

    /// <summary>Goes into a directory; one that cannot be begun is closed.</summary>
    public void Enter<TDirectory>(TDirectory directory, Func<TDirectory, TLevel> begin)
        where TDirectory : IDisposable
    {
        try
        {
            _levels.Push(begin(directory));
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>The next name, and the level that it is in; false at the end of all.</summary>
    public bool TryNext([NotNullWhen(true)] out TLevel? level, [MaybeNullWhen(false)] out TName name)
    {
        while (_levels.TryPeek(out level))
        {
            if (level.TryNext(out name))
            {
                return true;
            }
            leaving?.Invoke(level);
            _levels.Pop().Dispose();
        }
        name = default;
        return false;
    }

    public void Dispose()
    {
        while (_levels.TryPop(out TLevel? level))
        {
            level.Dispose();
        }
    }
}
