using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Registry;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the log-ins at registries that are kept, docker's and podman's. Never their passwords.</summary>
[Cmdlet(VerbsCommon.Get, "ImageRegistry")]
[OutputType(typeof(RegistryLogin))]
public sealed class GetImageRegistryCommand : LayerImageCmdlet
{
    /// <summary>The registries: host[:port], with wildcards. All when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Server { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<RegistryLogin> logins = await Engine.Registries.ListAsync(cancellationToken);
        await ForEachAsync(Server, server =>
        {
            WildcardPattern pattern = new(server, WildcardOptions.IgnoreCase);
            RegistryLogin[] found = [.. logins.Where(login => pattern.IsMatch(login.Server))];
            WriteObject(found, enumerateCollection: true);
            return found.Length > 0 || WildcardPattern.ContainsWildcardCharacters(server) ? Task.CompletedTask : throw RegistryService.NotFound(server);
        });
    }
}
