namespace LayerImage.Engine.Layers;

/// <summary>One thing in which an unpacked layer is not what its tar says.</summary>
/// <param name="Path">The path in the layer, without a slash at its beginning; empty for the root.</param>
/// <param name="What">What is wrong: "is missing", "has the mode 0777 instead of 0755".</param>
internal readonly record struct LayerDifference(string Path, string What)
{
    public override string ToString() => $"/{Path} {What}";
}
