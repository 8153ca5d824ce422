namespace LayerImage.Testing.Registry;

/// <summary>How a real registry is to run; paths are absolute.</summary>
public sealed record DebianRegistryOptions
{
    /// <summary>A user "user" with the password "right word" (bcrypt; htpasswd -nbB made it).</summary>
    public const string OneUser = "user:$2y$05$WPlOJ9z1nbEo8lR21z0.Uu7jkAQMwYrraaL/lm0u/lx.xLA1SCPeq";

    /// <summary>Who may come in: lines of htpasswd; null: everyone.</summary>
    public string? Users { get; init; }

    /// <summary>Its certificate in PEM form; null: no TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>Its private key.</summary>
    public string? Key { get; init; }

    /// <summary>The CA that must have signed its clients' certificates; null: they need none.</summary>
    public string? ClientAuthority { get; init; }
}
