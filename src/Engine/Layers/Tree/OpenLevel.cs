using System.Diagnostics.CodeAnalysis;

namespace LayerImage.Engine.Layers;

/// <summary>A directory that a walk is in, and which of the names in it comes next.</summary>
/// <param name="names">What to look at in it.</param>
/// <param name="open">What is open for it.</param>
internal abstract class OpenLevel<TName>(IReadOnlyList<TName> names, params IDisposable?[] open) : IDisposable
{
    private int _next;

    public IReadOnlyList<TName> Names => names;

    public bool TryNext([MaybeNullWhen(false)] out TName name)
    {
        bool isMore = _next < names.Count;
        name = isMore ? names[_next++] : default;
        return isMore;
    }

    public virtual void Dispose() => Array.ForEach(open, handle => handle?.Dispose());
}
