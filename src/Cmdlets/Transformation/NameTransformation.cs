using System.Collections;
using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>
/// Takes the names in texts and numbers as they are, and those of objects by a property. PowerShell would take an object's
/// text for a name: a line that a container wrote would say which container is stopped.
/// </summary>
/// <param name="properties">The properties that name it, the first one that an object has.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NameTransformationAttribute(params string[] properties) : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is IEnumerable list and not string
            ? list.Cast<object?>().Select(NameOf).ToArray()
            : NameOf(inputData);

    // Get-Container takes images by another parameter.
    private static ArgumentTransformationMetadataException Refusal(object value, string message) =>
        value is Engine.Images.Image ? BinderRefusal.OfKind(message) : new(message);

    private object? NameOf(object? item)
    {
        object? value = item is PSObject wrapped ? wrapped.BaseObject : item;
        if (value is null or string or ValueType)
        {
            return value;
        }
        PSObject named = PSObject.AsPSObject(item!);
        return properties.Select(name => named.Properties[name]?.Value as string).FirstOrDefault(text => text is not null)
            ?? throw Refusal(value, $"A {value.GetType().Name} is not a name, and has no property {string.Join(" or ", properties)}. Write the name.");
    }
}
