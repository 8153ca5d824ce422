using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Drive;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// Copies files and directories from the drive LayerImage to this machine, which Copy-Item cannot: PowerShell copies within
/// one provider only.
/// </summary>
[Cmdlet(VerbsCommon.Copy, "LayerImageItem", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(FileSystemInfo))]
public sealed class CopyLayerImageItemCommand : LayerImageCmdlet
{
    private int _copied;

    /// <summary>Items of the drive; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", ValueFromPipeline = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Items of the drive, exactly as given; what Get-ChildItem writes is bound to it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>A folder to copy into, or the copy's own name; without it the folder of this machine that the session is in, or was in last.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Copies folders with all that is in them.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Replaces files that are in the way.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the copied files and folders to the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) =>
        ForEachAsync(ParameterSetName == "Path" ? Path : LiteralPath, async given =>
        {
            string destination = Destination is null ? SessionState.Path.CurrentFileSystemLocation.ProviderPath : ResolvePath(Destination);
            IReadOnlyList<string> paths = Resolve(given);
            if (!Directory.Exists(destination) && _copied + paths.Count > 1)
            {
                throw new LayerImageException(EngineError.PathInvalid, $"'{destination}' is no folder, and several items are copied to it.")
                {
                    Target = destination,
                    Advice = "Make it first: New-Item -ItemType Directory.",
                };
            }
            foreach (string path in paths)
            {
                _copied++;
                if (!ShouldProcess(path, $"Copy to {destination}"))
                {
                    continue;
                }
                IEngineObserver observer = Observer;
                string copy = await Task.Run(() => Engine.Browser.CopyOut(path, destination, Recurse, Force, observer, cancellationToken), cancellationToken);
                if (PassThru)
                {
                    WriteFile(new FileInfo(copy));
                }
            }
        });

    private IReadOnlyList<string> Resolve(string given)
    {
        try
        {
            ProviderInfo provider;
            IReadOnlyList<string> paths = ParameterSetName == "Path"
                ? SessionState.Path.GetResolvedProviderPathFromPSPath(given, out provider)
                : [SessionState.Path.GetUnresolvedProviderPathFromPSPath(given, out provider, out _)];
            return provider.ImplementingType == typeof(LayerImageProvider)
                ? paths
                : throw new LayerImageException(EngineError.PathInvalid, $"'{given}' is not on the drive LayerImage.")
                {
                    Target = given,
                    Advice = "Give a path such as LayerImage:/images/tomcat/latest/rootfs/etc/passwd; Copy-Item copies between folders of this machine.",
                };
        }
        catch (SessionStateException e)
        {
            throw new LayerImageException(EngineError.PathInvalid, e.Message, e)
            {
                Target = given,
                Advice = "Get-ChildItem LayerImage:/images shows the images.",
            };
        }
    }
}
