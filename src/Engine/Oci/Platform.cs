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

    /// <summary>Parses <c>os/arch[/variant]</c> or <c>arch</c> alone.</summary>
    /// <exception cref="FormatException">It has another shape.</exception>
    public static Platform Parse(string text)
    {
        string[] parts = text.ToLowerInvariant().Split('/');
        if (parts.Length > 3 || parts.Any(part => part.Length == 0))
        {
            throw new FormatException($"'{text}' is not a platform: write os/architecture or os/architecture/variant, such as linux/amd64.");
        }
        return parts.Length == 1
            ? new Platform { OS = "linux", Architecture = Normal(parts[0]) }
            : new Platform { OS = parts[0], Architecture = Normal(parts[1]), Variant = parts.ElementAtOrDefault(2) };
    }

    /// <summary>How well this platform serves one who asked for another: 0 not at all, more is better.</summary>
    internal int Serves(Platform wanted)
    {
        if (OS != wanted.OS || Architecture != wanted.Architecture)
        {
            return 0;
        }
        string? mine = Variant ?? Default(Architecture);
        string? theirs = wanted.Variant ?? Default(Architecture);
        if (mine == theirs)
        {
            return 100;
        }
        // A processor runs what was made for its predecessors: v3 code on v4, never the other way.
        return Number(mine) is int made && Number(theirs) is int host && made < host ? made : 0;
    }

    /// <inheritdoc/>
    public override string ToString() => Variant is null ? $"{OS}/{Architecture}" : $"{OS}/{Architecture}/{Variant}";

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
