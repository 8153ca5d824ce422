namespace LayerImage.Engine.Oci.Runtime;

/// <summary>Allows or denies a class of devices; null is every number.</summary>
internal sealed record SpecDeviceRule(bool Allow, string? Type, long? Major, long? Minor, string Access);
