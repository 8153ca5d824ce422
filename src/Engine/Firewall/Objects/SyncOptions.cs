namespace LayerImage.Engine.Firewall;

/// <summary>How the two configurations are brought together.</summary>
public sealed record SyncOptions
{
    /// <summary>The other way round: the running port rules become the permanent ones. Rules with a timeout or an owner stay out.</summary>
    public bool RuntimeToPermanent { get; init; }

    /// <summary>Established connections are forgotten too, and must be let in anew (firewalld's complete reload).</summary>
    public bool Complete { get; init; }
}
