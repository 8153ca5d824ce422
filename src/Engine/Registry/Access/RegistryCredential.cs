namespace LayerImage.Engine.Registry;

/// <summary>A user's name and password for a registry. Its text form never shows the password.</summary>
/// <param name="UserName">The user's name.</param>
/// <param name="Password">The password or access token; empty with an identity token.</param>
public sealed record RegistryCredential(string UserName, string Password)
{
    /// <summary>A token of the registry's that stands for the user (OAuth 2's refresh token), instead of a password; or null.</summary>
    public string? IdentityToken { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{UserName}:***";
}
