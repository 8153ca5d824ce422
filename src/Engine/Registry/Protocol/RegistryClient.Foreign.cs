using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Registry;

/// <summary>Layers that a manifest says are elsewhere (image-spec, descriptor.md "urls"): Windows base layers, above all.</summary>
internal sealed partial class RegistryClient
{
    /// <summary>
    /// A foreign layer's bytes from an offset on: from the registry if it has them, else from the first of its addresses that
    /// does. These only by HTTPS, and no credentials go there, be it the registry's own host: whoever wrote the manifest
    /// chose the address. The caller disposes the response.
    /// </summary>
    /// <exception cref="LayerImageException">ManifestNotSupported: no address is HTTPS; else the last address's failure.</exception>
    public async Task<HttpResponseMessage> OpenForeignAsync(Descriptor descriptor, long offset, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenBlobAsync(descriptor.Digest, offset, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e)
            when (e.Error is EngineError.RegistryImageNotFound or EngineError.RegistryUnauthorized or EngineError.RegistryProtocolError)
        {
            // As most have it: such layers may not be passed on.
        }
        Uri[] addresses =
        [
            .. descriptor.Urls!.Select(url => Uri.TryCreate(url, UriKind.Absolute, out Uri? address) ? address : null).OfType<Uri>()
                .Where(address => address.Scheme == Uri.UriSchemeHttps),
        ];
        LayerImageException failure = new(EngineError.ManifestNotSupported,
            $"The layer {descriptor.Digest} of {reference.Familiar} is not in the registry {Base.Authority}, "
            + $"and its address '{descriptor.Urls![0]}' is not HTTPS.")
        {
            Target = descriptor.Digest.ToString(),
            Advice = "Ask who made the image for one with all its layers.",
        };
        foreach (Uri address in addresses)
        {
            try
            {
                HttpResponseMessage response = await OpenAsync(address, offset, isAnonymous: true, cancellationToken).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                {
                    return response;
                }
                response.Dispose();
                failure = new LayerImageException(EngineError.RegistryUnreachable,
                    $"{address.Authority} answered {(int)response.StatusCode} for the layer {descriptor.Digest} of {reference.Familiar}.")
                {
                    Target = address.Authority,
                };
            }
            catch (LayerImageException e) when (e.Error is EngineError.RegistryUnreachable or EngineError.RegistryProtocolError)
            {
                failure = e;
            }
        }
        throw failure;
    }
}
