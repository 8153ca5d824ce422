using LayerImage.Engine.References;

namespace LayerImage.Engine.Registry;

/// <summary>Opens registries: where one is on the wire, and who the user is there.</summary>
internal sealed class RegistryConnector(TimeProvider clock)
{
    /// <summary>A client for a repository. The caller disposes it.</summary>
    /// <param name="reference">An image in it.</param>
    /// <param name="credential">What the user gave for this call; null for what is known of the registry.</param>
    public RegistryClient Open(ImageReference reference, RegistryCredential? credential) =>
        new(new RegistryTransport(RegistryEndpoint.Of(reference), credential) { Patience = new RetryPolicy(RetryPolicy.DefaultCount, clock) }, reference);
}
