namespace LayerImage.Engine.Registry;

/// <summary>A log-in that is kept for a registry. It never has the password.</summary>
public sealed record RegistryLogin
{
    /// <summary>The registry's name, or in podman's files a registry's and the beginning of a repository's: "docker.io", "quay.io/team".</summary>
    public required string Server { get; init; }

    /// <summary>The user's name; empty when a helper keeps an identity token.</summary>
    public required string UserName { get; init; }

    /// <summary>Whether a token of the registry's is kept instead of the password.</summary>
    public bool HasIdentityToken { get; init; }

    /// <summary>The file that has the log-in, or says which helper has it.</summary>
    public required string Path { get; init; }

    /// <summary>The helper that has it ("pass" for docker-credential-pass); null: it is in the file.</summary>
    public string? Helper { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{UserName}@{Server}";
}
