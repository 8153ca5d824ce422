using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Registry;

/// <summary>Sending (distribution-spec, "Pushing Blobs" and "Pushing Manifests").</summary>
internal sealed partial class RegistryClient
{
    // A server or proxy that refuses a large body says so before it comes.
    private const long LargeBody = 1 << 20;

    /// <summary>Whether the repository has a blob.</summary>
    /// <exception cref="LayerImageException">RegistryUnauthorized or RegistryUnreachable.</exception>
    public async Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response =
            await transport.SendAsync(HttpMethod.Head, BlobUri(blob.Digest), RegistryRequestOptions.None, cancellationToken).ConfigureAwait(false);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                throw RegistryErrors.Status(response, [], reference, transport.HasCredential),
            // Some registries do not know HEAD here; the upload tells the reason.
            _ => response.IsSuccessStatusCode && response.Content.Headers.ContentLength is var length && (length is null || length == blob.Size),
        };
    }

    /// <summary>Begins an upload, or mounts the blob from another repository of the registry.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="mountFrom">The repository that may have it; null for none.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Where to send the bytes; null when the blob was mounted and is there.</returns>
    public async Task<Uri?> StartUploadAsync(Digest digest, string? mountFrom, CancellationToken cancellationToken)
    {
        string query = mountFrom is null ? "" : $"?mount={Uri.EscapeDataString(digest.ToString())}&from={Uri.EscapeDataString(mountFrom)}";
        using HttpResponseMessage? response =
            await AskForUploadAsync(new Uri(Base, "blobs/uploads/" + query), mountFrom is not null, cancellationToken).ConfigureAwait(false);
        if (response is null)
        {
            return await StartUploadAsync(digest, null, cancellationToken).ConfigureAwait(false);
        }
        if (response.StatusCode == HttpStatusCode.Accepted)
        {
            return PlaceOf(response, null);
        }
        if (mountFrom is not null)
        {
            // A registry may refuse to mount, and even to look at the other repository.
            return response.StatusCode == HttpStatusCode.Created && CheckClaim(response, digest)
                ? null
                : await StartUploadAsync(digest, null, cancellationToken).ConfigureAwait(false);
        }
        throw await RefusedAsync(response, cancellationToken).ConfigureAwait(false);
    }

    // Null: the token server gives no token for both repositories, since the other one is not the user's.
    private async Task<HttpResponseMessage?> AskForUploadAsync(Uri place, bool isMount, CancellationToken cancellationToken)
    {
        try
        {
            return await transport.SendAsync(
                HttpMethod.Post,
                place,
                new RegistryRequestOptions { Body = () => new ByteArrayContent([]) },
                cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (isMount && e.Error is EngineError.RegistryUnauthorized or EngineError.RegistryProtocolError)
        {
            return null;
        }
    }

    /// <summary>How far an upload is that was begun before; null when the registry has nothing of it.</summary>
    public async Task<(Uri Location, long Offset)?> FindUploadAsync(Uri location, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response =
            await transport.SendAsync(HttpMethod.Get, location, RegistryRequestOptions.None, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.Accepted))
        {
            return null;
        }
        string range = response.Headers.TryGetValues("Range", out IEnumerable<string>? values) ? values.First() : "";
        range = range.StartsWith("bytes=", StringComparison.Ordinal) ? range[6..] : range;
        // "0-0" is one byte or none: not worth to go on with, and wrong where the other was meant.
        return range.StartsWith("0-", StringComparison.Ordinal)
            && long.TryParse(range.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out long last)
            && last > 0
            ? (PlaceOf(response, location), last + 1)
            : null;
    }

    /// <summary>Sends bytes of a blob to an upload. The caller disposes the answer, whatever it is.</summary>
    /// <param name="location">The upload's place.</param>
    /// <param name="from">The first byte's place in the blob.</param>
    /// <param name="length">How many.</param>
    /// <param name="isWhole">Whether it is the whole blob: as docker, without a range, for old registries.</param>
    /// <param name="body">Makes the body.</param>
    /// <param name="cancellationToken">Ends the transfer.</param>
    public Task<HttpResponseMessage> SendBytesAsync(
        Uri location,
        long from,
        long length,
        bool isWhole,
        Func<HttpContent> body,
        CancellationToken cancellationToken) =>
        transport.SendAsync(HttpMethod.Patch, location, new RegistryRequestOptions
        {
            MayRepeat = false,
            Headers = length > LargeBody ? new Dictionary<string, string> { ["Expect"] = "100-continue" } : null,
            Body = () =>
            {
                HttpContent content = body();
                content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                if (!isWhole)
                {
                    // Not bytes=…: the specification has its own form here.
                    content.Headers.TryAddWithoutValidation("Content-Range", string.Create(CultureInfo.InvariantCulture, $"{from}-{from + length - 1}"));
                }
                return content;
            },
        }, cancellationToken);

    /// <summary>The place where an upload goes on after an answer.</summary>
    public Uri PlaceOf(HttpResponseMessage response, Uri? before)
    {
        if (response.Headers.Location is not Uri location)
        {
            return before ?? throw Protocol("gave no address to send a layer to");
        }
        return Uri.TryCreate(response.RequestMessage!.RequestUri!, location, out Uri? place)
            && (place.Scheme == "https" || (place.Scheme == "http" && Base.Scheme == "http"))
            ? place
            : throw Protocol("gave an address to send a layer to that is not safe (no HTTPS)");
    }

    /// <summary>Ends an upload; false when the registry does not know it any more.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.DigestMismatch"/>: other bytes arrived; or another refusal.</exception>
    public async Task<bool> FinishUploadAsync(Uri location, Digest digest, CancellationToken cancellationToken)
    {
        // Text, not UriBuilder: what the registry signed must stay as it is.
        Uri last = new($"{location.AbsoluteUri}{(location.Query.Length == 0 ? "?" : "&")}digest={Uri.EscapeDataString(digest.ToString())}");
        RegistryRequestOptions nothing = new() { Body = () => new ByteArrayContent([]) };
        using HttpResponseMessage response = await transport.SendAsync(HttpMethod.Put, last, nothing, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            CheckClaim(response, digest);
            return true;
        }
        return response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable
            ? false
            : throw await RefusedAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives up an upload, so that the registry can free its space. What it answers is of no matter.</summary>
    public async Task CancelUploadAsync(Uri location, CancellationToken cancellationToken)
    {
        try
        {
            RegistryRequestOptions once = RegistryRequestOptions.None with { MayRepeat = false };
            (await transport.SendAsync(HttpMethod.Delete, location, once, cancellationToken).ConfigureAwait(false)).Dispose();
        }
        catch (LayerImageException)
        {
            // It forgets the upload by itself, in a week.
        }
    }

    /// <summary>Sends a manifest, under a tag or its digest.</summary>
    public async Task PutManifestAsync(string name, ReceivedDocument manifest, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await transport.SendAsync(HttpMethod.Put, ManifestUri(name), new RegistryRequestOptions
        {
            Body = () => new ByteArrayContent(manifest.Bytes) { Headers = { ContentType = new MediaTypeHeaderValue(manifest.MediaType) } },
        }, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await RefusedAsync(response, cancellationToken).ConfigureAwait(false);
        }
        CheckClaim(response, manifest.Digest);
    }

    /// <summary>Why the registry did not take something.</summary>
    public async Task<LayerImageException> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body;
        try
        {
            body = await BoundedBody.ReadAsync(response, OciJson.LargestDocument, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or LayerImageException)
        {
            body = []; // the status says enough
        }
        string words = RegistryErrors.Words(body), text = System.Text.Encoding.UTF8.GetString(body);
        if (response.StatusCode == HttpStatusCode.BadRequest && text.Contains("DIGEST_INVALID", StringComparison.Ordinal))
        {
            return new LayerImageException(EngineError.DigestMismatch, $"The registry {Base.Authority} received other bytes than were sent to it{words}.")
            { Target = reference.Familiar, Advice = "The way to the registry is damaged. Send the image again." };
        }
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound => new LayerImageException(EngineError.RegistryImageNotFound,
                $"The registry {Base.Authority} does not take {reference.Familiar}: it has no such repository{words}.")
            {
                Target = reference.Familiar,
                Advice = "Check the name. Some registries want a repository to be made before something is sent to it.",
            },
            HttpStatusCode.MethodNotAllowed => Protocol($"takes no images{words}", "It is read-only or a mirror. Send to another registry."),
            HttpStatusCode.RequestEntityTooLarge => Protocol(
                $"refuses pieces of this size{words}",
                "Raise the limit of the registry or of the proxy before it (nginx: client_max_body_size)."),
            _ => RegistryErrors.Status(response, body, reference, transport.HasCredential),
        };
    }

    private bool CheckClaim(HttpResponseMessage response, Digest digest) =>
        !response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? values) || !Digest.TryParse(values.First(), out Digest claimed)
            || claimed.Algorithm != digest.Algorithm || claimed == digest
            ? true
            : throw new LayerImageException(EngineError.DigestMismatch, $"The registry {Base.Authority} stored {digest} as {claimed}.")
            { Target = reference.Familiar, Advice = "The registry or the way to it is damaged or hostile. Send the image again, or to another registry." };

    private LayerImageException Protocol(string what, string? advice = null) =>
        new(EngineError.RegistryProtocolError, $"The registry {Base.Authority} {what}.") { Target = Base.Authority, Advice = advice };
}
