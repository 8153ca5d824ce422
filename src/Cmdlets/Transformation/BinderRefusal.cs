using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>How a transformation says that a value is not for its parameter.</summary>
internal static class BinderRefusal
{
    /// <summary>A refusal after which the binder looks whether another parameter takes the value, and at the end says no more than that none does.</summary>
    public static ArgumentTransformationMetadataException OfKind(string message) => new(message, new PSInvalidCastException(message));
}
