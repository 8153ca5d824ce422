using System.Net;
using System.Net.Http.Headers;

namespace LayerImage.Engine.Registry;

/// <summary>What part of a blob an answer has (RFC 9110, 14.4).</summary>
/// <param name="From">The place of its first byte in the blob.</param>
/// <param name="Length">How many bytes it has; null where it does not say.</param>
/// <param name="Total">How many the blob has; null where it does not say.</param>
internal readonly record struct BlobRange(long From, long? Length, long? Total)
{
    /// <summary>Reads it; null when what comes is of no use to who asked from an offset on.</summary>
    public static BlobRange? Of(HttpResponseMessage response, long asked)
    {
        HttpContentHeaders headers = response.Content.Headers;
        if (response.StatusCode != HttpStatusCode.PartialContent)
        {
            return new BlobRange(0, headers.ContentLength, headers.ContentLength);
        }
        if (headers.ContentRange is not { } range)
        {
            // Several parts in one body, or a server that forgot to say: what was asked for, then.
            return headers.Contains("Content-Range") || headers.ContentType?.MediaType == "multipart/byteranges"
                ? null
                : new BlobRange(asked, headers.ContentLength, null);
        }
        return range is { Unit: "bytes", HasRange: true } && range.From <= asked && range.To >= asked
            ? new BlobRange(range.From.Value, range.To - range.From + 1, range.Length)
            : null;
    }
}
