using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Maintenance;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// Mends what Test-LayerStore found: unpacks layers again, receives blobs again from a registry that has the image. Without
/// piped issues it tests the store itself, fully. Nothing else is touched.
/// </summary>
[Cmdlet(VerbsDiagnostic.Repair, "LayerStore", SupportsShouldProcess = true)]
[OutputType(typeof(StoreRepair))]
public sealed class RepairLayerStoreCommand : LayerImageCmdlet
{
    private readonly List<IntegrityIssue> _issues = [];

    /// <summary>What Test-LayerStore found.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public IntegrityIssue[] InputObject { get; set; } = [];

    /// <summary>Remove the images that cannot be mended: what they need is lost for good.</summary>
    [Parameter]
    public SwitchParameter RemoveLost { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        _issues.AddRange(InputObject);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        bool tests = !MyInvocation.ExpectingInput && !MyInvocation.BoundParameters.ContainsKey(nameof(InputObject));
        // A blob that is mended makes it possible to look at its layer: the second round finds what the first could not see.
        for (int round = 0; round < (tests ? 2 : 1); round++)
        {
            if (tests)
            {
                _issues.Clear();
                await foreach (IntegrityIssue issue in Engine.Store.TestAsync(full: true, Observer, cancellationToken))
                {
                    _issues.Add(issue);
                }
            }
            // Blobs first: layers are unpacked from them.
            if (!await RepairAsync(cancellationToken))
            {
                return;
            }
        }
    }

    private async Task<bool> RepairAsync(CancellationToken cancellationToken)
    {
        bool changed = false;
        foreach (IntegrityIssue issue in _issues.OrderBy(issue => issue.Kind))
        {
            string action = issue.IsRepairable ? "Repair" : RemoveLost ? $"Remove {string.Join(", ", issue.Images)}" : "Repair, which is hardly possible";
            if (ShouldProcess(issue.Message, action))
            {
                StoreRepair repair = await Engine.Store.RepairAsync(issue, RemoveLost, Observer, cancellationToken);
                changed |= repair.IsRepaired;
                WriteObject(repair);
            }
        }
        return changed;
    }
}
