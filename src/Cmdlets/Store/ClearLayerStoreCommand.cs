using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Formatting;
using LayerImage.Engine.Maintenance;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// Frees what nobody needs: layers and blobs that no image and no container has, partial downloads and upload records of
/// nobody alive, what killed processes left. Emits each thing that was freed with its bytes.
/// </summary>
[Cmdlet(VerbsCommon.Clear, "LayerStore", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(StoreItem))]
public sealed class ClearLayerStoreCommand : LayerImageCmdlet
{
    /// <summary>Clears the store without asking.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<StoreItem> items = await Task.Run(Engine.Store.FindGarbage, cancellationToken);
        foreach (StoreItem item in items)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!(Force && !IsWhatIf) && !ShouldProcess(item.ToString(), $"Free {ByteSize.Format(item.Bytes)} ({item.Bytes} bytes)"))
            {
                continue;
            }
            foreach (StoreItem freed in await Task.Run(() => Engine.Store.Clear([item]).ToArray(), cancellationToken))
            {
                WriteObject(freed);
            }
        }
    }
}
