namespace LayerImage.Engine.Firewall;

/// <summary>Which elements leave a set and which enter it, so that the elements of a set never overlap.</summary>
internal sealed record PortSetChange(IReadOnlyList<PortElement> Removed, IReadOnlyList<PortElement> Added)
{
    public static PortSetChange None { get; } = new([], []);

    public bool IsEmpty => Removed.Count == 0 && Added.Count == 0;

    /// <summary>The change that undoes this one.</summary>
    public PortSetChange Inverse => new(Added, Removed);

    /// <summary>The set after the change.</summary>
    public IReadOnlyList<PortElement> ApplyTo(IEnumerable<PortElement> elements) =>
        [.. elements.Except(Removed), .. Added];
}
