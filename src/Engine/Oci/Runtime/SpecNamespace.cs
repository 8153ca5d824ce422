namespace LayerImage.Engine.Oci.Runtime;

/// <summary>A namespace to make, or with a path one to join.</summary>
internal sealed record SpecNamespace(string Type, string? Path);
