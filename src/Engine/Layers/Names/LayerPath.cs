using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// A checked name inside a layer, split into its components: relative to the layer's root (also where the tar has it with a
/// slash in front, as kaniko wrote them), without "." and "..", no component over NAME_MAX. The empty path is the root itself.
/// </summary>
internal readonly struct LayerPath
{
    /// <summary>NAME_MAX, linux/limits.h.</summary>
    public const int LongestName = 255;

    /// <summary>PATH_MAX less its terminator, linux/limits.h: what one system call takes. Longer paths are walked in steps.</summary>
    public const int LongestCall = 4095;

    /// <summary>Bytes of a path. Without a limit a few bytes of a compressed tar could ask for any amount of memory.</summary>
    public const int LongestPath = (8 << 12) - 1;

    /// <summary>
    /// Parts of a path. A handle is open for each, twice where a hard link is made, in three layers at once; and what one system call
    /// could take, which is 2047 parts, is taken.
    /// </summary>
    public const int MostDepth = 2048;

    private LayerPath(NativePath[] components) => Components = components;

    public NativePath[] Components { get; }

    public bool IsRoot => Components.Length == 0;

    /// <summary>Whether it is aufs's own, which says nothing of the layer's files and is left out.</summary>
    public bool IsBookkeeping => Components.Any(Whiteouts.IsAufs);

    public ReadOnlySpan<NativePath> Parent => Components.AsSpan(0, Components.Length - 1);

    public NativePath Name => Components[^1];

    /// <summary>The path as a dictionary key: one character for each byte, so that nothing is lost.</summary>
    public string Key => string.Join('/', Components.Select(component => System.Text.Encoding.Latin1.GetString(component.Bytes)));

    /// <summary>Bytes of a path.</summary>
    public static int LengthOf(ReadOnlySpan<NativePath> path)
    {
        int length = 0;
        foreach (NativePath name in path)
        {
            length = LengthOf(length, name);
        }
        return length;
    }

    /// <summary>Bytes of the path of a name in a directory, whose own path has so many.</summary>
    public static int LengthOf(int parent, NativePath name) => (parent == 0 ? 0 : parent + 1) + name.Bytes.Length;

    /// <summary>A path of names that are there.</summary>
    public static LayerPath Of(NativePath[] components) => new(components);

    /// <summary>Checks and splits a tar's name.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/>: the name leaves the layer or is too long.</exception>
    public static LayerPath Parse(NativePath raw)
    {
        ReadOnlySpan<byte> rest = raw.Bytes;
        if (rest.Length > LongestPath)
        {
            throw Refuse(NativePath.From(rest[..60]), $"its name is longer than {LongestPath} bytes");
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
            if (components.Count == MostDepth)
            {
                throw Refuse(NativePath.From(raw.Bytes[..60]), $"its name has more than {MostDepth} parts");
            }
            components.Add(NativePath.From(component));
        }
        if (components.SkipLast(1).Any(component => Whiteouts.IsWhiteout(component) && !Whiteouts.IsAufs(component)))
        {
            throw Refuse(raw, "names that begin with '.wh.' mean deleted files, and a deleted file holds none");
        }
        return new LayerPath([.. components]);
    }

    /// <summary>A path through a link that is too long for the one call that resolves a link safely.</summary>
    public static LayerImageException RefuseLongLink(ReadOnlySpan<NativePath> path) =>
        Refuse(string.Join('/', path[..8].ToArray()) + "/…", $"its path goes through a symbolic link more than {LongestCall} bytes down");

    /// <summary>A directory that a link leads to and that is not there, for an entry: its name means a deleted file.</summary>
    public static LayerImageException RefuseToMake(NativePath name, LayerPath entry) =>
        Refuse(entry, $"a link on its way leads to '{name}', and names that begin with '.wh.' mean deleted files");

    public static LayerImageException Refuse(LayerPath path, string why) => Refuse(path.ToString(), why);

    public static LayerImageException Refuse(NativePath name, string why) =>
        new(EngineError.LayerInvalid, $"The layer's entry '{name}' is refused: {why}.")
        {
            Target = name.ToString(),
            Advice = "The image was built wrongly or is hostile; nothing of this layer was kept. Ask who made it.",
        };

    public override string ToString() => string.Join('/', Components);
}
