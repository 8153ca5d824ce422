namespace LayerImage.Engine.Firewall;

/// <summary>Something that is wrong with the permanent configuration.</summary>
/// <param name="Path">The file, or null when the firewall does not say which.</param>
/// <param name="Message">What is wrong there.</param>
public sealed record HostFirewallIssue(string? Path, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Path is null ? Message : $"{Path}: {Message}";
}
