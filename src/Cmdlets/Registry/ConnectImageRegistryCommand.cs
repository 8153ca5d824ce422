using System.Management.Automation;
using System.Net;
using System.Security;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Registry;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Logs in at a registry: proves the log-in there, then keeps it where docker does.</summary>
[Cmdlet(VerbsCommunications.Connect, "ImageRegistry", SupportsShouldProcess = true, DefaultParameterSetName = CredentialSet)]
[OutputType(typeof(RegistryLogin))]
public sealed class ConnectImageRegistryCommand : LayerImageCmdlet
{
    private const string CredentialSet = "Credential", TokenSet = "IdentityToken";

    /// <summary>The registry: host[:port]. Docker Hub when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string Server { get; set; } = "docker.io";

    /// <summary>User name, and password or access token.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = CredentialSet)]
    [Credential]
    public PSCredential Credential { get; set; } = PSCredential.Empty;

    /// <summary>A token of the registry's that stands for the user, instead of a password.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TokenSet)]
    public SecureString? IdentityToken { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess(Server, "Log in and keep the log-in"))
        {
            WriteObject(await Engine.Registries.ConnectAsync(Server, Given(), Observer, cancellationToken));
        }
    }

    private RegistryCredential Given() => IdentityToken is null
        ? new RegistryCredential(Credential.UserName, Credential.GetNetworkCredential().Password)
        : new RegistryCredential("", "") { IdentityToken = new NetworkCredential("", IdentityToken).Password };
}
