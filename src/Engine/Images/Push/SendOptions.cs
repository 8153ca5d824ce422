using LayerImage.Engine.Layers;
using LayerImage.Engine.Registry;

namespace LayerImage.Engine.Images;

/// <summary>How an image is sent to a registry.</summary>
public sealed record SendOptions
{
    /// <summary>How layers that were made here and never packed are compressed. Others go as they are.</summary>
    public LayerCompression Compression { get; init; } = LayerCompression.Gzip;

    /// <summary>A user's name and password.</summary>
    public RegistryCredential? Credential { get; init; }

    /// <summary>How many layers are sent at once.</summary>
    public int ThrottleLimit { get; init; } = 3;

    /// <summary>How often a request that failed for a passing reason is made again, as long as no try gets further.</summary>
    public int RetryCount { get; init; } = RetryPolicy.DefaultCount;
}
