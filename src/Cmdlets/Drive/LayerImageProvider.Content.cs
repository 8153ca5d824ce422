using System.Management.Automation.Provider;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Drive;

/// <summary>The content of files, and that nothing is changed here.</summary>
public sealed partial class LayerImageProvider : IContentCmdletProvider
{
    /// <inheritdoc/>
    public IContentReader? GetContentReader(string path)
    {
        ContentReaderParameters parameters = DynamicParameters as ContentReaderParameters ?? new ContentReaderParameters();
        IContentReader? reader = null;
        Try(path, () =>
        {
            Stream content = Browser.OpenContent(path, _stopping.Token);
            reader = new LayerImageContentReader(content, parameters.AsByteStream, parameters.Raw, parameters.Encoding);
        });
        return reader;
    }

    /// <inheritdoc/>
    public object GetContentReaderDynamicParameters(string path) => new ContentReaderParameters();

    /// <inheritdoc/>
    public IContentWriter? GetContentWriter(string path)
    {
        // An error that is only written would be followed by one of PowerShell's, which got no writer.
        ThrowTerminatingError(ErrorMap.ToRecord(ReadOnly(path), path));
        return null;
    }

    /// <inheritdoc/>
    public object? GetContentWriterDynamicParameters(string path) => null;

    /// <inheritdoc/>
    public void ClearContent(string path) => Refuse(path);

    /// <inheritdoc/>
    public object? ClearContentDynamicParameters(string path) => null;

    /// <inheritdoc/>
    protected override void NewItem(string path, string itemTypeName, object newItemValue) => Refuse(path);

    /// <inheritdoc/>
    protected override void SetItem(string path, object value) => Refuse(path);

    /// <inheritdoc/>
    protected override void ClearItem(string path) => Refuse(path);

    /// <inheritdoc/>
    protected override void RemoveItem(string path, bool recurse) => Refuse(path);

    /// <inheritdoc/>
    protected override void RenameItem(string path, string newName) => Refuse(path);

    /// <inheritdoc/>
    protected override void MoveItem(string path, string destination) => Refuse(path);

    /// <inheritdoc/>
    protected override void CopyItem(string path, string copyPath, bool recurse) => Refuse(copyPath);

    private void Refuse(string path) => Try(path, () => throw ReadOnly(path));

    private static LayerImageException ReadOnly(string path) => new(EngineError.PathInvalid, "The drive LayerImage can only be read.")
    {
        Target = path,
        Advice = "Copy-LayerImageItem copies files out; Invoke-ContainerCommand and Save-ContainerAsImage change them.",
    };
}
