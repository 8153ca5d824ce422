using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace LayerImage.Engine.Oci;

/// <summary>A machine an image is for (image-spec, image-index.md "platform").</summary>
public sealed record Platform
{
    /// <summary>The processor, in Go's words: amd64, arm64, arm …</summary>
    [JsonPropertyName("architecture")]
    public string Architecture { get; init; } = "";

    /// <summary>The operating system: linux, windows …</summary>
    [JsonPropertyName("os")]
    public string OS { get; init; } = "";

    /// <summary>The operating system's version (Windows).</summary>
    [JsonPropertyName("os.version")]
    public string? OSVersion { get; init; }

    /// <summary>The processor's variant: v7, v8 …</summary>
    [JsonPropertyName("variant")]
    public string? Variant { get; init; }

    /// <summary>Linux on this machine's processor.</summary>
    public static Platform Current { get; } = new()
    {
        OS = "linux",
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            System.Runtime.InteropServices.Architecture.Arm => "arm",
            var other => other.ToString().ToLowerInvariant(),
        },
    };

    /// <summary>For which machine a configuration is. One that does not say is for this one.</summary>
    internal static Platform Of(ImageConfig config) =>
        new() { OS = Lower(config.Os) ?? "linux", Architecture = Lower(config.Architecture) ?? Current.Architecture, Variant = Lower(config.Variant) };

    /// <summary>Parses <c>os[(version)]/arch[/variant]</c> or <c>arch</c> alone.</summary>
    /// <exception cref="FormatException">It has another shape.</exception>
    public static Platform Parse(string text)
    {
        string[] parts = text.ToLowerInvariant().Split('/');
        string? version = null;
        if (parts.Length > 1 && parts[0].IndexOf('(', StringComparison.Ordinal) is int at and > 0 && parts[0].EndsWith(')'))
        {
            version = parts[0][(at + 1)..^1];
            parts[0] = parts[0][..at];
        }
        if (parts.Length > 3 || version is "" || parts.Any(part => part.Length == 0 || part.AsSpan().ContainsAny("() ")))
        {
            throw new FormatException(
                $"'{text}' is not a platform: write os/architecture or os/architecture/variant, such as linux/amd64, "
                + "or windows(10.0.20348)/amd64 with the system's version.");
        }
        return parts.Length == 1
            ? new Platform { OS = "linux", Architecture = Normal(parts[0]) }
            : new Platform { OS = parts[0], Architecture = Normal(parts[1]), Variant = parts.ElementAtOrDefault(2), OSVersion = version };
    }

    /// <summary>How well this platform serves one who asked for another: 0 not at all, more is better.</summary>
    internal int Serves(Platform wanted)
    {
        if (!string.Equals(OS, wanted.OS, StringComparison.OrdinalIgnoreCase)
            || Normal((Architecture ?? "").ToLowerInvariant()) != wanted.Architecture
            || !HasVersion(wanted.OSVersion))
        {
            return 0;
        }
        string? mine = Lower(Variant) ?? Default(wanted.Architecture);
        string? theirs = Lower(wanted.Variant) ?? Default(wanted.Architecture);
        if (mine == theirs)
        {
            return 100;
        }
        // A processor runs what was made for its predecessors: v3 code on v4, never the other way.
        return Number(mine) is int made && Number(theirs) is int host && made < host ? made : 0;
    }

    // 10.0.20348 is served by 10.0.20348.1668: a Windows image asks for its build, whatever the revision.
    private bool HasVersion(string? wanted) =>
        wanted is null || OSVersion == wanted || (OSVersion?.StartsWith(wanted + ".", StringComparison.Ordinal) ?? false);

    private static string? Lower(string? text) => string.IsNullOrEmpty(text) ? null : text.ToLowerInvariant();

    /// <inheritdoc/>
    public override string ToString() =>
        $"{OS}{(OSVersion is null ? "" : $"({OSVersion})")}/{Architecture}{(string.IsNullOrEmpty(Variant) ? "" : "/" + Variant)}";

    private static string Normal(string architecture) => architecture switch
    {
        "x86_64" or "x64" => "amd64",
        "aarch64" => "arm64",
        "i386" or "i686" => "386",
        _ => architecture,
    };

    private static string? Default(string architecture) => architecture switch { "arm64" => "v8", "arm" => "v7", "amd64" => "v1", _ => null };

    private static int? Number(string? variant) => variant is ['v', .. var digits] && int.TryParse(digits, out int number) ? number : null;
}
