using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// A checked name inside a layer, split into its components: relative, without "." and "..", no component over
/// NAME_MAX. The empty path is the root itself.
/// </summary>
internal readonly struct LayerPath
{
    private const int LongestName = 255; // NAME_MAX, linux/limits.h

    // PATH_MAX less its terminator, linux/limits.h. It bounds the depth as well: a handle is open for each directory.
    public const int LongestPath = 4095;

    private LayerPath(NativePath[] components) => Components = components;

    public NativePath[] Components { get; }

    public bool IsRoot => Components.Length == 0;

    public ReadOnlySpan<NativePath> Parent => Components.AsSpan(0, Components.Length - 1);

    public NativePath Name => Components[^1];

    /// <summary>The path as a dictionary key: one character for each byte, so that nothing is lost.</summary>
    public string Key => string.Join('/', Components.Select(component => System.Text.Encoding.Latin1.GetString(component.Bytes)));

    /// <summary>The first components of the path.</summary>
    public LayerPath Take(int count) => new(Components[..count]);

    /// <summary>Checks and splits a tar's name.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/>: the name leaves the layer or is too long.</exception>
    public static LayerPath Parse(NativePath raw)
    {
        ReadOnlySpan<byte> rest = raw.Bytes;
        // "/" alone is the root, as "./" is ("umoci insert" writes it).
        if (rest is [(byte)'/', ..] && rest.ContainsAnyExcept((byte)'/'))
        {
            throw Refuse(raw, "it is absolute, and a layer's names are relative to its root (OCI image-spec, layer.md)");
        }
        if (rest.Length > LongestPath)
        {
            throw Refuse(NativePath.From(rest[..60]), $"its name is longer than {LongestPath} bytes, which no system call takes");
        }
        List<NativePath> components = [];
        while (rest.Length > 0)
        {
            int slash = rest.IndexOf((byte)'/');
            ReadOnlySpan<byte> component = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? [] : rest[(slash + 1)..];
            if (component.Length == 0 || component.SequenceEqual("."u8))
            {
                continue;
            }
            if (component.SequenceEqual(".."u8))
            {
                throw Refuse(raw, "it climbs out of its folder with '..'");
            }
            if (component.Length > LongestName)
            {
                throw Refuse(raw, $"a part of it is longer than {LongestName} bytes, which no Linux file system can hold");
            }
            if (component.Contains((byte)0))
            {
                throw Refuse(raw, "it holds a NUL");
            }
            components.Add(NativePath.From(component));
        }
        return new LayerPath([.. components]);
    }

    public static LayerImageException Refuse(NativePath name, string why) =>
        new(EngineError.LayerInvalid, $"The layer's entry '{name}' is refused: {why}.")
        {
            Target = name.ToString(),
            Advice = "The image was built wrongly or is hostile; nothing of this layer was kept. Ask who made it.",
        };

    public override string ToString() => string.Join('/', Components);
}
