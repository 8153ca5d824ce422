namespace LayerImage.Engine.Registry;

/// <summary>What is known of the user at a registry.</summary>
/// <param name="Credential">Who the user is there; null: nobody.</param>
/// <param name="Problem">Why a log-in that is stored could not be read, as a sentence; null when there was none.</param>
internal sealed record FoundLogin(RegistryCredential? Credential, string? Problem = null)
{
    public static FoundLogin Nobody { get; } = new((RegistryCredential?)null);
}

/// <summary>Finds who the user is at a registry. Called once, when the registry first asks.</summary>
internal delegate Task<FoundLogin> RegistryLoginSource(CancellationToken cancellationToken);
