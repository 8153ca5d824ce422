using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>Takes texts and lists of them, and nothing for its text: PowerShell would make a name of any object.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TextTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is null or string or Array ? value : throw BinderRefusal.OfKind($"A {value.GetType().Name} is no text.");
    }
}
