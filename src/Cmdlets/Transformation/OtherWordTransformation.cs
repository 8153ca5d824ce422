using System.Collections;
using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>
/// Takes another word for a value of an enumeration. As a second name in the enumeration it could be the one that an object
/// shows, and completion would offer one of the two twice.
/// </summary>
/// <param name="other">The other word.</param>
/// <param name="word">The enumeration's own.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OtherWordTransformationAttribute(string other, string word) : ArgumentTransformationAttribute
{
    /// <summary>The word that stands for the parameter's value, too.</summary>
    public string Other => other;

    /// <summary>The enumeration's own.</summary>
    public string Word => word;

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => Unwrap(inputData) switch
    {
        string text => Own(text),
        IEnumerable texts => texts.Cast<object?>().Select(item => Unwrap(item) is string text ? Own(text) : item).ToArray(),
        _ => inputData,
    };

    private string Own(string text) => text.Trim().Equals(other, StringComparison.OrdinalIgnoreCase) ? word : text;

    private static object? Unwrap(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
