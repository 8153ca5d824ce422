namespace LayerImage.Engine.Oci.Runtime;

/// <summary>The container's root file system.</summary>
internal sealed record SpecRoot(string Path, bool Readonly);
