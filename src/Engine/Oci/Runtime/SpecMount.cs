namespace LayerImage.Engine.Oci.Runtime;

/// <summary>One mount inside the container.</summary>
internal sealed record SpecMount(string Destination, string Type, string Source, IReadOnlyList<string> Options);
