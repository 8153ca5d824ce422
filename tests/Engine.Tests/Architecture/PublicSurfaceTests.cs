using System.Reflection;
using System.Runtime.CompilerServices;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.Tests;

/// <summary>
/// What the engine shows to cmdlets and to scripts that read its objects. Names are promises: one that comes is written into
/// PublicSurface.txt; one that goes, or has another type, stays there as well until CHANGELOG tells of it.
/// </summary>
public sealed class PublicSurfaceTests
{
    private const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static;

    private static readonly string s_file = Path.Combine(RepositoryFolder.Root, "tests", "Engine.Tests", "Architecture", "PublicSurface.txt");

    [Fact]
    public void Surface_ChangesNotUnasked()
    {
        string[] now = [.. Surface()], known = File.ReadAllLines(s_file);
        string changes = File.ReadAllText(Path.Combine(RepositoryFolder.Root, "CHANGELOG.md"));

        string[] faults = [.. now.Except(known).Select(line => $"new, so add it to PublicSurface.txt: {line}"),
            .. known.Except(now).Where(line => !changes.Contains(NameOf(line), StringComparison.Ordinal)).Select(line => $"gone, and CHANGELOG.md does not name {NameOf(line)}: {line}")];

        Assert.True(faults.Length == 0, string.Join('\n', faults));
    }

    /// <summary>One line a member: "Images.Image.Id : String", "Errors.EngineError.DiskFull".</summary>
    private static IEnumerable<string> Surface() => typeof(LayerImageEngine).Assembly.GetExportedTypes().SelectMany(Members).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Members(Type type)
    {
        string name = type.FullName!.Replace("LayerImage.Engine.", "", StringComparison.Ordinal).Replace('+', '.');
        yield return name;
        foreach (MemberInfo member in type.GetMembers(Public).Where(member => member.DeclaringType!.Assembly == type.Assembly && !member.IsDefined(typeof(CompilerGeneratedAttribute))))
        {
            switch (member)
            {
                case PropertyInfo property when property.Name != "EqualityContract":
                    yield return $"{name}.{property.Name} : {Text(property.PropertyType)}";
                    break;
                case FieldInfo { IsSpecialName: false } field:
                    yield return type.IsEnum ? $"{name}.{field.Name}" : $"{name}.{field.Name} : {Text(field.FieldType)}";
                    break;
                case MethodInfo { IsSpecialName: false } method when method.GetBaseDefinition().DeclaringType!.Assembly == type.Assembly:
                    yield return $"{name}.{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => Text(parameter.ParameterType)))}) : {Text(method.ReturnType)}";
                    break;
            }
        }
    }

    private static string Text(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Text))}>" : type.Name;

    private static string NameOf(string line) => line.Split(" : ")[0].Split('(')[0].Split('.')[^1];
}
