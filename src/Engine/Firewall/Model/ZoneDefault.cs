namespace LayerImage.Engine.Firewall;

/// <summary>A zone that is there without a file.</summary>
internal sealed record ZoneDefault(string Name, string Target, string Short, string Description, IReadOnlyList<string> Services, bool Masquerade);
