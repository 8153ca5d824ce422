using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Access control lists (acl(5)): the text that "tar --acls", star and bsdtar put into PAX records, as the extended
/// attribute that the kernel keeps (linux/posix_acl_xattr.h, version 2). Why names count for nothing: docs/design/layers.md.
/// </summary>
internal static class PosixAcl
{
    /// <summary>As many as an extended attribute has room for (XATTR_SIZE_MAX, linux/limits.h).</summary>
    public const int MostEntries = ((64 << 10) - HeaderSize) / EntrySize;

    private const int HeaderSize = 4, EntrySize = 8;
    private const uint NoId = uint.MaxValue;
    private const ushort Owner = 0x01, User = 0x02, OwningGroup = 0x04, Group = 0x08, Mask = 0x10, Other = 0x20;

    /// <summary>The attribute of a file's list.</summary>
    public static NativePath Access { get; } = "system.posix_acl_access";

    /// <summary>The attribute of the list that a directory gives to what is made in it.</summary>
    public static NativePath Default { get; } = "system.posix_acl_default";

    /// <summary>
    /// The attribute's value for a text, sorted as the kernel wants it; null for a text without entries. An entry for a user or group
    /// that has a name and no number is left out.
    /// </summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/>.</exception>
    public static byte[]? Parse(ReadOnlySpan<byte> text)
    {
        SortedDictionary<(ushort Tag, uint Id), ushort> list = [];
        int seen = 0, count = 0;
        ReadOnlySpan<char> characters = Encoding.Latin1.GetString(text);
        foreach (Range range in characters.SplitAny(',', '\n'))
        {
            ReadOnlySpan<char> entry = WithoutComment(characters[range]);
            if (entry.Length == 0)
            {
                continue;
            }
            if (++count > MostEntries)
            {
                throw Refuse($"has more than {MostEntries} entries");
            }
            (ushort tag, uint? id, ushort permissions) = ParseEntry(entry);
            seen |= tag;
            if (id is uint known && !list.TryAdd((tag, known), permissions))
            {
                throw Refuse($"says the same twice: '{Shown(entry)}'");
            }
        }
        const int Needed = Owner | OwningGroup | Other, Named = User | Group;
        return count == 0 ? null
            : (seen & Needed) != Needed ? throw Refuse("lacks the entry of the owner, the group or the others")
            : (seen & Named) != 0 && (seen & Mask) == 0 ? throw Refuse("names users or groups and lacks a mask")
            : ToBytes(list);
    }

    /// <summary>What chmod(2) makes of a list: the owner's entry, the mask (or the group's) and the others' say what the mode says.</summary>
    public static byte[] WithMode(byte[] list, int permissions)
    {
        byte[] changed = [.. list];
        bool hasMask = false;
        for (int at = HeaderSize; at + EntrySize <= list.Length; at += EntrySize)
        {
            hasMask |= TagAt(list, at) == Mask;
        }
        for (int at = HeaderSize; at + EntrySize <= list.Length; at += EntrySize)
        {
            int? shift = TagAt(list, at) switch
            {
                Owner => 6,
                OwningGroup when !hasMask => 3,
                Mask => 3,
                Other => 0,
                _ => null,
            };
            if (shift is int bits)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(changed.AsSpan(at + 2), (ushort)((permissions >> bits) & 7));
            }
        }
        return changed;
    }

    private static ushort TagAt(byte[] list, int at) => BinaryPrimitives.ReadUInt16LittleEndian(list.AsSpan(at));

    // "user:lisa:r--", "user:1000:r--", star's "user:lisa:r--:1000", "mask::r--" and "mask:r--"; no id: only a name is known.
    private static (ushort Tag, uint? Id, ushort Permissions) ParseEntry(ReadOnlySpan<char> entry)
    {
        Span<Range> parts = stackalloc Range[5];
        int count = entry.Split(parts, ':');
        ReadOnlySpan<char> kind = entry[parts[0]], name = count > 2 ? entry[parts[1]] : [];
        uint? id = Number(name, entry) ?? (count > 3 ? Number(entry[parts[3]], entry) : null);
        (ushort tag, bool isNamed) = kind switch
        {
            "user" or "u" when count > 2 => name.Length > 0 || id is not null ? (User, true) : (Owner, false),
            "group" or "g" when count > 2 => name.Length > 0 || id is not null ? (Group, true) : (OwningGroup, false),
            "mask" or "m" when count > 1 && name.Length == 0 => (Mask, false),
            "other" or "o" when count > 1 && name.Length == 0 => (Other, false),
            _ => throw Refuse($"has an entry '{Shown(entry)}', which is none"),
        };
        return (tag, isNamed ? id ?? (name is "root" ? 0 : null) : NoId, Permissions(entry[parts[count > 2 ? 2 : 1]], entry));
    }

    private static uint? Number(ReadOnlySpan<char> text, ReadOnlySpan<char> entry) =>
        text.Length == 0 || text.ContainsAnyExceptInRange('0', '9') ? null
        : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number != NoId ? number
        : throw Refuse($"has an entry '{Shown(entry)}', whose number is no user's or group's");

    private static ushort Permissions(ReadOnlySpan<char> text, ReadOnlySpan<char> entry)
    {
        ushort permissions = 0;
        foreach (char letter in text)
        {
            ushort bit = letter switch { 'r' => 4, 'w' => 2, 'x' => 1, '-' => 0, _ => 8 };
            if (bit == 8 || (permissions & bit) != 0)
            {
                throw Refuse($"has an entry '{Shown(entry)}', whose permissions are none");
            }
            permissions |= bit;
        }
        return text.Length is > 0 and <= 3 ? permissions : throw Refuse($"has an entry '{Shown(entry)}', whose permissions are none");
    }

    // A blank ends an entry; "#effective:r--" may follow.
    private static ReadOnlySpan<char> WithoutComment(ReadOnlySpan<char> entry)
    {
        entry = entry.Trim();
        int end = entry is ['#', ..] ? 0 : entry.IndexOfAny(' ', '\t');
        return end < 0 ? entry : entry[..end];
    }

    private static byte[] ToBytes(SortedDictionary<(ushort Tag, uint Id), ushort> list)
    {
        byte[] bytes = new byte[HeaderSize + (list.Count * EntrySize)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 2);
        Span<byte> rest = bytes.AsSpan(HeaderSize);
        foreach (((ushort tag, uint id), ushort permissions) in list)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(rest, tag);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], id);
            rest = rest[EntrySize..];
        }
        return bytes;
    }

    private static LayerImageException Refuse(string why) => TarHeader.Malformed("an access control list " + why);

    private static string Shown(ReadOnlySpan<char> entry) => NativePath.From(Encoding.Latin1.GetBytes(entry[..Math.Min(entry.Length, 60)].ToString())).ToString();
}
