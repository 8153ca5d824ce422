using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>
/// Takes a value of another enumeration by its name: a published port's protocol is a firewall rule's. PowerShell binds
/// such a property of a piped object not at all, and says nothing.
/// </summary>
public sealed class EnumNameTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is Enum value ? value.ToString() : inputData;
}
