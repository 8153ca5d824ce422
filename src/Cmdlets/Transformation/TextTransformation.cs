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
        if (value is null or string or Array)
        {
            return value;
        }
        // Of this kind: then the binder looks whether another parameter takes it.
        string message = $"A {value.GetType().Name} is no text.";
        throw new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}
