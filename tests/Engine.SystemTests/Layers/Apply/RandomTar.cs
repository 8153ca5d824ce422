using LayerImage.Testing.Images;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>Tars of random entries with few names, so that they meet: files over folders, links to links, deletions of all of them.</summary>
/// <param name="random">Where the choices come from.</param>
/// <param name="hostile">With names and targets that lead out, or that no file can have, and with ways through links.</param>
internal sealed class RandomTar(Random random, bool hostile)
{
    private const int MostEntries = 14;
    private static readonly string[] s_names = ["a", "b", "c", "d"];
    private static readonly string[] s_hostile = ["..", ".", "", ".wh.", ".wh..", ".wh...", ".wh..wh..opq", ".wh..wh.plnk", ".wh.a", "a\nb", new('n', 256)];
    private static readonly Kind[] s_kinds = [.. Enum.GetValues<Kind>(), Kind.Directory, Kind.Directory, Kind.File, Kind.File, Kind.SymbolicLink];
    private readonly HashSet<string> _leaves = [];
    private readonly List<string> _paths = ["a"];
    private readonly List<string> _own = [], _entries = [];
    private LayerBuilder _tar = new();

    private enum Kind
    {
        Directory,
        File,
        SymbolicLink,
        HardLink,
        Whiteout,
        Opaque,
        Fifo,
        Device,
    }

    /// <summary>What is in all of them, for people.</summary>
    public override string ToString() => string.Join('\n', _entries);

    /// <summary>The next layer, over those before.</summary>
    public byte[] Next()
    {
        _tar = new LayerBuilder();
        _entries.Add("layer");
        _own.Clear();
        for (int entries = random.Next(1, MostEntries); entries > 0; entries--)
        {
            Add();
        }
        return _tar.ToTar();
    }

    private void Add()
    {
        string path = Path();
        Kind kind = s_kinds[random.Next(s_kinds.Length)];
        // Engines differ in what a layer's path through what is no directory in the layers below it does, and in deletions that come
        // after what the layer itself has there.
        if (!hostile && (_leaves.Any(leaf => path.StartsWith(leaf + "/", StringComparison.Ordinal) || (kind == Kind.Opaque && path == leaf))
            || (kind is Kind.Whiteout or Kind.Opaque && _own.Any(own => own == path || own.StartsWith(path + "/", StringComparison.Ordinal)))))
        {
            return;
        }
        string[] targets = [.. hostile ? _paths : _own.Where(_leaves.Contains)];
        if (kind == Kind.HardLink && targets.Length == 0)
        {
            return;
        }
        string target = kind == Kind.SymbolicLink ? Target() : kind == Kind.HardLink ? targets[random.Next(targets.Length)] : "";
        _entries.Add($"  {kind} {path}{(kind is Kind.SymbolicLink or Kind.HardLink ? $" -> {target}" : "")}");
        _paths.Add(path);
        _own.Add(path);
        _ = kind is Kind.Directory or Kind.Whiteout or Kind.Opaque ? _leaves.Remove(path) : _leaves.Add(path);
        _ = kind switch
        {
            Kind.Directory => _tar.Directory(path + "/", Attributes()),
            Kind.File => _tar.File(path, new string('x', random.Next(3)), Attributes()),
            Kind.SymbolicLink => _tar.SymbolicLink(path, target, Attributes()),
            Kind.HardLink => _tar.HardLink(path, target),
            Kind.Whiteout => _tar.Whiteout(path),
            Kind.Opaque => _tar.Opaque(path),
            Kind.Fifo => _tar.Fifo(path, Attributes()),
            _ => _tar.CharacterDevice(path, hostile ? random.Next(2) : 1, hostile ? random.Next(2) : 3, Attributes()),
        };
    }

    private string Path()
    {
        string path = string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Name()));
        path = path.Length == 0 ? "." : path;
        return !hostile || random.Next(8) != 0 ? path : random.Next(4) switch { 0 => "/" + path, 1 => "./" + path, 2 => "../" + path, _ => path.Replace("/", "//", StringComparison.Ordinal) };
    }

    private string Name() => hostile && random.Next(25) == 0 ? s_hostile[random.Next(s_hostile.Length)] : s_names[random.Next(s_names.Length)];

    private string Target() => random.Next(5) switch
    {
        0 => "/" + Path(),
        1 => "../" + Path(),
        2 when hostile => "../../../../../../tmp",
        _ => Path(),
    };

    private LayerBuilder.Attributes Attributes() => new()
    {
        // Without the bit that gives a new folder its group: engines differ in whether it is for folders that no entry describes.
        Mode = (UnixFileMode)(random.Next(0x1000) & (hostile ? -1 : ~0x400)),
        Uid = random.Next(3),
        Gid = random.Next(3) * 1000,
        Time = DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(1L << 54)),
        // Of a kind that a file of any type may have; what others do with these is not compared.
        XAttrs = hostile && random.Next(4) == 0 ? new Dictionary<string, string> { [$"trusted.{(char)('a' + random.Next(3))}"] = new('v', random.Next(1, 4)) } : new Dictionary<string, string>(),
    };
}
