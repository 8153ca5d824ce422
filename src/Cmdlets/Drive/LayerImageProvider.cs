using System.Management.Automation;
using System.Management.Automation.Provider;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Browse;

namespace LayerImage.Cmdlets.Drive;

/// <summary>
/// The drive LayerImage: images, layers and containers as folders, to be read only. It is there when the module is, and
/// opens the store at the first look.
/// </summary>
[CmdletProvider(Name, ProviderCapabilities.Filter | ProviderCapabilities.ShouldProcess)]
public sealed partial class LayerImageProvider : NavigationCmdletProvider
{
    /// <summary>The name of the provider and of its drive.</summary>
    public const string Name = "LayerImage";

    private readonly CancellationTokenSource _stopping = new();

    private static LayerImageBrowser Browser => EngineSession.Get((string?)null).Browser;

    /// <inheritdoc/>
    protected override System.Collections.ObjectModel.Collection<PSDriveInfo> InitializeDefaultDrives() =>
        [new PSDriveInfo(Name, ProviderInfo, "", "Images, layers and containers of the store", null)];

    /// <inheritdoc/>
    protected override PSDriveInfo NewDrive(PSDriveInfo drive) => new(drive.Name, drive.Provider, Plain(drive.Root), drive.Description, drive.Credential);

    /// <inheritdoc/>
    protected override void StopProcessing() => _stopping.Cancel();

    /// <inheritdoc/>
    protected override bool IsValidPath(string path) => true;

    /// <inheritdoc/>
    protected override bool ItemExists(string path) => Find(path) is not null;

    /// <inheritdoc/>
    protected override bool IsItemContainer(string path) => Find(path) is { IsContainer: true };

    /// <inheritdoc/>
    protected override void GetItem(string path)
    {
        // Get-ChildItem -Include asks for each item like this.
        if (Find(path) is LayerImageItem item && IsWanted(item))
        {
            WriteItemObject(item, path, item.IsContainer);
        }
    }

    /// <inheritdoc/>
    protected override void GetChildItems(string path, bool recurse) => GetChildItems(path, recurse, uint.MaxValue);

    /// <inheritdoc/>
    protected override void GetChildItems(string path, bool recurse, uint depth) => Try(path, () =>
    {
        if (Find(path) is { IsContainer: false } single)
        {
            if (IsWanted(single))
            {
                WriteItemObject(single, path, isContainer: false);
            }
            return;
        }
        List(path, recurse ? depth : 0, FilterPattern());
    });

    /// <inheritdoc/>
    protected override void GetChildNames(string path, ReturnContainers returnContainers) => Try(path, () =>
    {
        WildcardPattern? filter = FilterPattern();
        foreach (LayerImageItem item in Browser.List(path, _stopping.Token))
        {
            if ((IsWanted(item) && (filter is null || filter.IsMatch(item.Name)))
                || (item.IsContainer && returnContainers == ReturnContainers.ReturnAllContainers))
            {
                WriteItemObject(item.Name, MakePath(path, item.Name), item.IsContainer);
            }
        }
    });

    /// <inheritdoc/>
    protected override object GetChildItemsDynamicParameters(string path, bool recurse) => new ChildItemParameters();

    /// <inheritdoc/>
    protected override object GetChildNamesDynamicParameters(string path) => new ChildItemParameters();

    /// <inheritdoc/>
    protected override bool HasChildItems(string path) => Find(path) is { IsContainer: true } && Ask(path, () => Browser.List(path, _stopping.Token).Any());

    // PowerShell takes a path that begins with a slash for one of this machine's files, wherever it comes from: Set-Content of
    // something that the drive does not have would write there.
    private static string Plain(string root) => root.Trim('/', '\\');

    // As the file system's provider: what is in a folder first, then what is in the folders in it. Links are shown and not
    // followed, or a listing would run in circles.
    private void List(string path, uint depth, WildcardPattern? filter)
    {
        List<string> folders = [];
        foreach (LayerImageItem item in Browser.List(path, _stopping.Token))
        {
            string place = MakePath(path, item.Name);
            if (IsWanted(item) && (filter is null || filter.IsMatch(item.Name)))
            {
                WriteItemObject(item, place, item.IsContainer);
            }
            if (depth > 0 && item.IsContainer && item.Type != LayerImageItemType.SymbolicLink)
            {
                folders.Add(place);
            }
        }
        foreach (string folder in folders)
        {
            Try(folder, () => List(folder, depth == uint.MaxValue ? depth : depth - 1, filter));
        }
    }

    private bool IsWanted(LayerImageItem item) => DynamicParameters is not ChildItemParameters parameters || parameters.Has(item);

    private WildcardPattern? FilterPattern() => string.IsNullOrEmpty(Filter) ? null : new WildcardPattern(Filter, WildcardOptions.IgnoreCase);

    private LayerImageItem? Find(string path) => Ask(path, () => Browser.Find(path, _stopping.Token));

    // What is asked for an answer cannot go on without one.
    private T Ask<T>(string path, Func<T> body)
    {
        try
        {
            return body();
        }
        catch (LayerImageException e)
        {
            ThrowTerminatingError(ErrorMap.ToRecord(e, path));
            throw;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    private void Try(string path, Action body)
    {
        try
        {
            body();
        }
        catch (LayerImageException e)
        {
            WriteError(ErrorMap.ToRecord(e, path));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }
}
