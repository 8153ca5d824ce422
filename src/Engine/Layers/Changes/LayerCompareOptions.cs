namespace LayerImage.Engine.Layers;

/// <summary>When regular files are read to compare them.</summary>
public enum ContentComparison
{
    /// <summary>Never: equal size and time count as equal content.</summary>
    Never,
    /// <summary>Where a file was written and everything else about it is as before.</summary>
    WhenUnsure,
    /// <summary>Always where the two sides do not have the same file of the same layer. Changes then have hashes.</summary>
    Always,
}

/// <summary>How to compare.</summary>
public sealed record LayerCompareOptions
{
    /// <summary>When files are read.</summary>
    public ContentComparison Content { get; init; }

    /// <summary>Whether to list paths that are equal, too. Then everything is walked.</summary>
    public bool IncludeEqual { get; init; }

    /// <summary>Only this absolute path and what is beneath it; null for all. The rest is not looked at.</summary>
    public string? Beneath { get; init; }
}
