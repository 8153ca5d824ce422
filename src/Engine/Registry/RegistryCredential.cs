namespace LayerImage.Engine.Registry;

/// <summary>A user's name and password for a registry. Its text form never shows the password.</summary>
/// <param name="UserName">The user's name.</param>
/// <param name="Password">The password or access token.</param>
public sealed record RegistryCredential(string UserName, string Password)
{
    /// <inheritdoc/>
    public override string ToString() => $"{UserName}:***";
}
