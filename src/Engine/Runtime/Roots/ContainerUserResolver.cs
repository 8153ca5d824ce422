using System.Globalization;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// Resolves docker's USER inside a root file system: <c>name</c>, <c>uid</c>, <c>name:group</c>, <c>uid:gid</c>.
/// A number is always an id, whether /etc/passwd knows it or not; a name must be there.
/// </summary>
internal static class ContainerUserResolver
{
    private const int FileLimit = 1 << 20;

    /// <summary>Resolves a user, and the groups that he is to have beside his own.</summary>
    /// <param name="root">The container's root file system.</param>
    /// <param name="user">docker's USER; empty is root.</param>
    /// <param name="addedGroups">Further groups by name or number, docker's --group-add.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.UserNotFound"/>: the user or a group is not in the image.</exception>
    public static ContainerUser Resolve(ContainerRoot root, string user, params IReadOnlyList<string> addedGroups)
    {
        string[] parts = user.Split(':', 2);
        (string userPart, string groupPart) = (parts[0], parts.Length == 2 ? parts[1] : "");
        (string? name, uint uid, uint gid, string home) = FindUser(root, userPart, user);
        List<uint> groups = [];
        if (groupPart.Length > 0)
        {
            gid = FindGroup(root, groupPart, user);
        }
        else if (name is not null)
        {
            groups.AddRange(Groups(root).Where(group => group.Members.Contains(name)).Select(group => group.Gid));
        }
        groups.AddRange(addedGroups.Select(group => FindGroup(root, group, group)));
        return new ContainerUser(uid, gid, [.. groups.Prepend(gid).Distinct()], home);
    }

    private static (string? Name, uint Uid, uint Gid, string Home) FindUser(ContainerRoot root, string user, string asked)
    {
        bool isNumber = TryId(user.Length == 0 ? "0" : user, out uint wanted);
        foreach (string[] fields in Entries(root, "/etc/passwd", 6))
        {
            if (TryId(fields[2], out uint uid) && TryId(fields[3], out uint gid) && (isNumber ? uid == wanted : fields[0] == user))
            {
                return (fields[0], uid, gid, fields[5].StartsWith('/') ? fields[5] : "/");
            }
        }
        return isNumber ? (null, wanted, 0, "/") : throw NotFound("user", user, "/etc/passwd", asked);
    }

    private static uint FindGroup(ContainerRoot root, string group, string asked)
    {
        if (TryId(group, out uint gid))
        {
            return gid;
        }
        foreach ((string name, uint id, _) in Groups(root))
        {
            if (name == group)
            {
                return id;
            }
        }
        throw NotFound("group", group, "/etc/group", asked);
    }

    private static IEnumerable<(string Name, uint Gid, string[] Members)> Groups(ContainerRoot root)
    {
        foreach (string[] fields in Entries(root, "/etc/group", 3))
        {
            if (TryId(fields[2], out uint gid))
            {
                yield return (fields[0], gid, fields.Length > 3 ? fields[3].Trim().Split(',', StringSplitOptions.RemoveEmptyEntries) : []);
            }
        }
    }

    // Lines that are no entries (comments, NIS marks, rubbish) are passed over, as libc does.
    private static IEnumerable<string[]> Entries(ContainerRoot root, string path, int fields)
        => root.ReadLines(path, FileLimit).Select(line => line.Split(':')).Where(entry => entry.Length >= fields && entry[0].Length > 0);

    // Ids over 2^31-1 are refused as docker refuses them: -1 and its neighbours have meanings of their own.
    private static bool TryId(string text, out uint id)
        => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id <= int.MaxValue;

    private static LayerImageException NotFound(string kind, string name, string file, string asked)
        => new(EngineError.UserNotFound, $"The {kind} '{name}' is not in the image's {file}.")
        {
            Target = asked,
            Advice = $"Name a {kind} that the image has, or give a number.",
        };
}
