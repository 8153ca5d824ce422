namespace LayerImage.Engine.Oci.Runtime;

/// <summary>capabilities(7) of the process, with their CAP_ names. Inheritable and ambient stay empty (CVE-2022-24769).</summary>
internal sealed record SpecCapabilities(IReadOnlyList<string> Bounding, IReadOnlyList<string> Effective, IReadOnlyList<string> Permitted);
