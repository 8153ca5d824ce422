using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>
/// Takes what came back from a job, another session or a file (Import-Clixml) for the thing in the store that has its id: the
/// thing itself stayed where it was.
/// </summary>
public abstract class StoredObjectTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>The type of object that the parameter takes.</summary>
    protected abstract Type Type { get; }

    /// <summary>Finds the object in the store by its id.</summary>
    protected abstract object Find(LayerImageEngine engine, string id);

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null || Type.IsInstanceOfType(value))
        {
            return value;
        }
        if (inputData is PSObject copy && copy.TypeNames.Contains("Deserialized." + Type.FullName) && copy.Properties["Id"]?.Value is string { Length: > 0 } id)
        {
            return Find(EngineSession.Get((string?)null), id);
        }
        throw BinderRefusal.OfKind($"A {value.GetType().Name} is no {Type.Name}.");
    }
}

/// <summary>Takes copies of containers for the containers.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ContainerTransformationAttribute : StoredObjectTransformationAttribute
{
    /// <inheritdoc/>
    protected override Type Type => typeof(Container);

    /// <inheritdoc/>
    protected override object Find(LayerImageEngine engine, string id) => engine.Containers.GetAsync(id, CancellationToken.None).GetAwaiter().GetResult();
}

/// <summary>Takes copies of images for the images.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImageTransformationAttribute : StoredObjectTransformationAttribute
{
    /// <inheritdoc/>
    protected override Type Type => typeof(Image);

    /// <inheritdoc/>
    protected override object Find(LayerImageEngine engine, string id) => engine.Images.Get(id);
}
