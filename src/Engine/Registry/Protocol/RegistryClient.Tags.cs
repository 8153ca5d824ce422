using System.Runtime.CompilerServices;
using System.Text.Json;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Registry;

/// <summary>The tags of the repository (distribution-spec, "Listing Tags").</summary>
internal sealed partial class RegistryClient
{
    private const int PageSize = 1000;
    private const int MostTags = 100_000;
    private const int MostPages = 10_000; // a registry may give fewer to a page than it is asked for

    /// <summary>All tags, in the registry's order, page by page.</summary>
    /// <exception cref="LayerImageException">RegistryImageNotFound: no such repository; RegistryProtocolError: no list, one
    /// without end, or one that goes on at another host.</exception>
    public async IAsyncEnumerable<string> ListTagsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Uri? page = new(Base, $"tags/list?n={PageSize}");
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int pages = 1; page is not null; pages++)
        {
            using HttpResponseMessage response =
                await transport.SendAsync(HttpMethod.Get, page, RegistryRequestOptions.None, cancellationToken).ConfigureAwait(false);
            byte[] body = await CheckedBodyAsync(response, cancellationToken).ConfigureAwait(false);
            foreach (string tag in ReadTags(body).Where(seen.Add))
            {
                yield return tag;
            }
            page = NextPage(response, page);
            if (page is not null && (seen.Count > MostTags || pages >= MostPages))
            {
                throw BrokenList("it has no end");
            }
        }
    }

    private List<string> ReadTags(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            JsonElement tags = document.RootElement.GetProperty("tags");
            return tags.ValueKind == JsonValueKind.Null
                ? []
                : [.. tags.EnumerateArray().Select(tag => tag.GetString() ?? throw new JsonException("a tag is null"))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw BrokenList(e.Message.TrimEnd('.'), e);
        }
    }

    // Link: </v2/name/tags/list?n=…&last=…>; rel="next" (RFC 8288)
    private Uri? NextPage(HttpResponseMessage response, Uri page)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? links))
        {
            return null;
        }
        string? next = links.SelectMany(link => link.Split(',')).Select(link => link.Trim())
            .FirstOrDefault(link =>
                link.StartsWith('<')
                    && (link.Contains("rel=\"next\"", StringComparison.OrdinalIgnoreCase) || link.Contains("rel=next", StringComparison.OrdinalIgnoreCase)));
        if (next is null || next.IndexOf('>', StringComparison.Ordinal) is not (> 1 and int end))
        {
            return null;
        }
        if (!Uri.TryCreate(page, next[1..end], out Uri? address) || address.Authority != Base.Authority || address.Scheme != Base.Scheme || address == page)
        {
            throw BrokenList($"it goes on at '{next[1..end]}'");
        }
        return address;
    }

    private LayerImageException BrokenList(string why, Exception? inner = null) =>
        new(EngineError.RegistryProtocolError, $"The list of tags of {reference.Name} that the registry {Base.Authority} sent cannot be used: {why}.", inner)
        { Target = reference.Name, Advice = "Name the tag that you want." };
}
