using System.Net;
using System.Net.Http.Headers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Registry;

/// <summary>A document as it was received: its bytes are what counts.</summary>
/// <param name="MediaType">What the registry or the document says it is.</param>
/// <param name="Digest">The digest of the bytes.</param>
/// <param name="Bytes">The bytes.</param>
internal sealed record ReceivedDocument(string MediaType, Digest Digest, byte[] Bytes);

/// <summary>A client for one repository of one registry (OCI distribution-spec 1.1). Thread-safe.</summary>
internal sealed partial class RegistryClient(RegistryTransport transport, ImageReference reference) : IDisposable
{
    /// <summary>Where the repository is.</summary>
    public Uri Base => transport.Base;

    /// <summary>The digest that the registry has for a tag, or null when it does not say.</summary>
    public async Task<Digest?> HeadManifestAsync(string name, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await transport.SendAsync(
            HttpMethod.Head,
            ManifestUri(name),
            new RegistryRequestOptions { AcceptManifests = true },
            cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            // Some registries do not know HEAD here; GET tells the reason.
            return null;
        }
        return response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? values)
            && Digest.TryParse(values.FirstOrDefault(), out Digest digest)
            ? digest
            : null;
    }

    /// <summary>A manifest or index. Its bytes are checked against the digest asked for and the one the registry claims.</summary>
    public Task<ReceivedDocument> GetManifestAsync(string name, CancellationToken cancellationToken) =>
        GetDocumentAsync(
            ManifestUri(name),
            new RegistryRequestOptions { AcceptManifests = true },
            (response, bytes) => CheckManifest(name, response, bytes),
            cancellationToken);

    /// <summary>A small blob (a configuration), checked against its descriptor.</summary>
    public Task<byte[]> GetSmallBlobAsync(Descriptor descriptor, CancellationToken cancellationToken) =>
        GetDocumentAsync(BlobUri(descriptor.Digest), RegistryRequestOptions.None, (_, bytes) =>
        {
            if (bytes.Length != descriptor.Size)
            {
                throw Sizes(descriptor, bytes.Length);
            }
            CheckDigest(bytes, descriptor.Digest);
            return bytes;
        }, cancellationToken);

    // What a mirror sent wrong is asked for again elsewhere.
    private async Task<T> GetDocumentAsync<T>(
        Uri uri,
        RegistryRequestOptions options,
        Func<HttpResponseMessage, byte[], T> check,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            using HttpResponseMessage response = await transport.SendAsync(HttpMethod.Get, uri, options, cancellationToken).ConfigureAwait(false);
            try
            {
                return check(response, await CheckedBodyAsync(response, cancellationToken).ConfigureAwait(false));
            }
            catch (LayerImageException) when (transport.GiveUpMirror(response))
            {
                // The loop ends: each turn gives up one mirror at least.
            }
        }
    }

    private ReceivedDocument CheckManifest(string name, HttpResponseMessage response, byte[] bytes)
    {
        Digest digest = Digest.Of(bytes);
        if (Digest.TryParse(name, out Digest wanted))
        {
            digest = CheckDigest(bytes, wanted);
        }
        else if (response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? values)
            && Digest.TryParse(values.FirstOrDefault(), out Digest claimed))
        {
            digest = CheckDigest(bytes, claimed);
        }
        return new ReceivedDocument(response.Content.Headers.ContentType?.MediaType ?? "", digest, bytes);
    }

    /// <summary>
    /// A blob's bytes from an offset on, or from before it. <see cref="BlobRange"/> says what the answer has. A registry that
    /// does not go on in the middle is asked for the whole. The caller disposes the response.
    /// </summary>
    public async Task<HttpResponseMessage> OpenBlobAsync(Digest digest, long offset, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await OpenAsync(BlobUri(digest), offset, isAnonymous: false, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }
        using (response)
        {
            await CheckedBodyAsync(response, cancellationToken).ConfigureAwait(false);
            throw new LayerImageException(EngineError.RegistryProtocolError,
                $"The registry {Base.Authority} answered {(int)response.StatusCode} for a layer.") { Target = Base.Authority };
        }
    }

    // Whatever is said to a range (416, 400, 403 …) or given for it (another place) means: from the start. Who can tell no more
    // than that says it again there.
    private async Task<HttpResponseMessage> OpenAsync(Uri address, long offset, bool isAnonymous, CancellationToken cancellationToken)
    {
        RegistryRequestOptions options = new() { IsAnonymous = isAnonymous };
        if (offset > 0)
        {
            HttpResponseMessage response = await transport.SendAsync(
                HttpMethod.Get,
                address,
                options with { Range = new RangeHeaderValue(offset, null) },
                cancellationToken).ConfigureAwait(false);
            if ((response.IsSuccessStatusCode && BlobRange.Of(response, offset) is not null)
                || response.StatusCode is HttpStatusCode.TooManyRequests or (>= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented))
            {
                return response;
            }
            response.Dispose();
        }
        return await transport.SendAsync(HttpMethod.Get, address, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A small part of a blob, unchecked: the digest is of the whole. Null when the registry does not give parts.</summary>
    public async Task<byte[]?> GetRangeAsync(Digest digest, long offset, int count, CancellationToken cancellationToken)
    {
        RegistryRequestOptions options = new() { Range = new RangeHeaderValue(offset, offset + count - 1) };
        using HttpResponseMessage response = await transport.SendAsync(HttpMethod.Get, BlobUri(digest), options, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentLength != count)
        {
            return null;
        }
        return await CheckedBodyAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>From now on asks the registry itself, no mirror of it. False when it did so already.</summary>
    public bool GiveUpMirrors() => transport.GiveUpMirrors();

    public LayerImageException Sizes(Descriptor descriptor, long received) => new(EngineError.SizeMismatch,
        $"The registry {Base.Authority} sent {received} of the {descriptor.Size} bytes of {descriptor.Digest}.")
    { Target = descriptor.Digest.ToString(), Advice = "Try again; what was received is kept and the transfer goes on from there." };

    public LayerImageException Unreachable(Exception inner) => RegistryErrors.Unreachable(Base, inner);

    public LayerImageException WrongDigest(Digest wanted, string received) => new(EngineError.DigestMismatch,
        $"The registry {Base.Authority} sent bytes for {wanted} whose digest is {received}; they were thrown away.")
    { Target = wanted.ToString(), Advice = "The registry's store or the way to it is damaged or hostile. Try again, or another registry." };

    public void Dispose() => transport.Dispose();

    private Uri ManifestUri(string name) => new(Base, $"manifests/{name}");

    private Uri BlobUri(Digest digest) => new(Base, $"blobs/{digest}");

    private async Task<byte[]> CheckedBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body;
        try
        {
            body = await BoundedBody.ReadAsync(response, OciJson.LargestDocument, cancellationToken, transport.Patience).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is TimeoutException)
        {
            throw Unreachable(e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new LayerImageException(EngineError.SizeMismatch, $"The registry {Base.Authority} cut its answer off.", e)
            {
                Target = Base.Authority,
                Advice = "Try again.",
            };
        }
        return response.IsSuccessStatusCode ? body : throw RegistryErrors.Status(response, body, reference, transport.HasCredential);
    }

    private Digest CheckDigest(byte[] bytes, Digest wanted)
    {
        using System.Security.Cryptography.IncrementalHash hash = wanted.CreateHash();
        hash.AppendData(bytes);
        byte[] found = hash.GetCurrentHash();
        return wanted.Matches(found) ? wanted : throw WrongDigest(wanted, $"{wanted.Algorithm}:{Convert.ToHexStringLower(found)}");
    }
}
