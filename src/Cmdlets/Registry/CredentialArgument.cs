using System.Management.Automation;
using LayerImage.Engine.Registry;

namespace LayerImage.Cmdlets.Base;

/// <summary>Turns PowerShell's credentials into a registry's.</summary>
internal static class CredentialArgument
{
    /// <summary>The same user and password; null stays null.</summary>
    public static RegistryCredential? ForRegistry(this PSCredential? credential) =>
        credential is null ? null : new RegistryCredential(credential.UserName, credential.GetNetworkCredential().Password);
}
