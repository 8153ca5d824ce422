using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LayerImage.Testing.Registry;

/// <summary>The end points of the OCI distribution specification.</summary>
public sealed partial class RegistryServer
{
    private static RegistryResponse NotFound(string code) => RegistryResponse.Error(404, code, "not known to this registry");

    private RegistryResponse Route(RegistryRequest request)
    {
        if (request.Path is "/v2/" or "/v2")
        {
            return new RegistryResponse(200, "{}"u8.ToArray(), "application/json").With("Docker-Distribution-Api-Version", "registry/2.0");
        }
        if (UploadPath().Match(request.Path) is { Success: true } upload)
        {
            return Upload(request, upload.Groups["name"].Value, upload.Groups["id"].Value);
        }
        if (ThingPath().Match(request.Path) is not { Success: true } match)
        {
            return NotFound("NAME_UNKNOWN");
        }
        string repository = match.Groups["name"].Value, reference = match.Groups["reference"].Value;
        return (match.Groups["kind"].Value, request.Method) switch
        {
            ("manifests", "GET" or "HEAD") => GetManifest(repository, reference),
            ("manifests", "PUT") => PutManifest(request, repository, reference),
            ("blobs", "GET" or "HEAD") => GetBlob(request, repository, reference),
            ("tags", "GET") when reference == "list" => ListTags(request, repository),
            // No referrers API, as in most registries in use: clients must take 404 for "none".
            ("referrers", _) => NotFound("NOT_FOUND"),
            _ => RegistryResponse.Error(405, "UNSUPPORTED", "not allowed"),
        };
    }

    private RegistryResponse GetManifest(string repository, string reference) =>
        _manifests.GetValueOrDefault((repository, reference)) is { } manifest
            ? new RegistryResponse(200, manifest.Bytes, manifest.MediaType).With("Docker-Content-Digest", manifest.Digest)
            : NotFound("MANIFEST_UNKNOWN");

    private RegistryResponse PutManifest(RegistryRequest request, string repository, string reference)
    {
        string digest = DigestOf(request.Body);
        if (reference.StartsWith("sha256:", StringComparison.Ordinal) && reference != digest)
        {
            return RegistryResponse.Error(400, "DIGEST_INVALID", $"the bytes are {digest}");
        }
        if (MissingPartOf(repository, request.Body) is { } missing)
        {
            return RegistryResponse.Error(404, "MANIFEST_BLOB_UNKNOWN", missing);
        }
        string? tag = reference == digest ? null : reference;
        PutManifest(repository, tag, request.Header("Content-Type") ?? "", request.Body);
        return RegistryResponse.Empty(201).With("Location", $"/v2/{repository}/manifests/{digest}").With("Docker-Content-Digest", digest);
    }

    private string? MissingPartOf(string repository, byte[] manifest)
    {
        JsonNode? document = JsonNode.Parse(manifest);
        IEnumerable<string> blobs = (document?["layers"]?.AsArray() ?? []).Append(document?["config"]?.DeepClone())
            .Select(part => (string?)part?["digest"]).OfType<string>();
        IEnumerable<string> manifests = (document?["manifests"]?.AsArray() ?? []).Select(part => (string?)part?["digest"]).OfType<string>();
        return blobs.FirstOrDefault(digest => FindBlob(repository, digest) is null)
            ?? manifests.FirstOrDefault(digest => FindManifest(repository, digest) is null);
    }

    private RegistryResponse GetBlob(RegistryRequest request, string repository, string digest)
    {
        if (FindBlob(repository, digest) is not { } blob)
        {
            return NotFound("BLOB_UNKNOWN");
        }
        RegistryResponse whole = new RegistryResponse(200, blob, "application/octet-stream")
            .With("Docker-Content-Digest", digest).With("Accept-Ranges", "bytes");
        if (RangePath().Match(request.Header("Range") ?? "") is not { Success: true } range)
        {
            return whole;
        }
        long from = long.Parse(range.Groups["from"].Value, CultureInfo.InvariantCulture);
        long to = range.Groups["to"] is { Length: > 0 } end ? Math.Min(long.Parse(end.Value, CultureInfo.InvariantCulture), blob.Length - 1) : blob.Length - 1;
        return from >= blob.Length
            ? RegistryResponse.Empty(416).With("Content-Range", $"bytes */{blob.Length}")
            : new RegistryResponse(206, blob[(int)from..(int)(to + 1)], "application/octet-stream").With("Content-Range", $"bytes {from}-{to}/{blob.Length}");
    }

    private RegistryResponse Upload(RegistryRequest request, string repository, string id)
    {
        if (request.Method == "POST")
        {
            return StartUpload(request, repository);
        }
        if (!_uploads.TryGetValue(id, out byte[]? sofar))
        {
            return NotFound("BLOB_UPLOAD_UNKNOWN");
        }
        byte[] bytes = [.. sofar, .. request.Body];
        switch (request.Method)
        {
            case "PATCH":
                string expected = sofar.Length.ToString(CultureInfo.InvariantCulture);
                if (request.Header("Content-Range") is { } range && range.Split('-')[0] != expected)
                {
                    return UploadState(416, repository, id, sofar);
                }
                _uploads[id] = bytes;
                return UploadState(202, repository, id, bytes);
            case "PUT":
                return FinishUpload(repository, id, request.Query.GetValueOrDefault("digest") ?? "", bytes);
            case "GET":
                return UploadState(204, repository, id, sofar);
            case "DELETE":
                _uploads.TryRemove(id, out _);
                return RegistryResponse.Empty(204);
            default:
                return RegistryResponse.Error(405, "UNSUPPORTED", "not allowed");
        }
    }

    private RegistryResponse StartUpload(RegistryRequest request, string repository)
    {
        if (request.Query.TryGetValue("mount", out string? mount) && request.Query.TryGetValue("from", out string? from) && FindBlob(from, mount) is { } blob)
        {
            PutBlob(repository, mount, blob);
            return Created(repository, mount);
        }
        string id = Guid.NewGuid().ToString("N");
        _uploads[id] = [];
        return request.Query.TryGetValue("digest", out string? digest)
            ? FinishUpload(repository, id, digest, request.Body)
            : UploadState(202, repository, id, []);
    }

    private RegistryResponse FinishUpload(string repository, string id, string digest, byte[] bytes)
    {
        string real = digest.StartsWith("sha512:", StringComparison.Ordinal)
            ? "sha512:" + Convert.ToHexStringLower(SHA512.HashData(bytes))
            : DigestOf(bytes);
        if (digest != real)
        {
            return RegistryResponse.Error(400, "DIGEST_INVALID", $"the bytes are {real}");
        }
        _uploads.TryRemove(id, out _);
        PutBlob(repository, digest, bytes);
        return Created(repository, digest);
    }

    private static RegistryResponse Created(string repository, string digest) =>
        RegistryResponse.Empty(201).With("Location", $"/v2/{repository}/blobs/{digest}").With("Docker-Content-Digest", digest);

    private static RegistryResponse UploadState(int status, string repository, string id, byte[] sofar) => RegistryResponse.Empty(status)
        .With("Location", $"/v2/{repository}/blobs/uploads/{id}?state=opaque")
        .With("Docker-Upload-UUID", id)
        .With("Range", $"0-{Math.Max(sofar.Length - 1, 0)}");

    private RegistryResponse ListTags(RegistryRequest request, string repository)
    {
        IReadOnlyList<string> all = TagsOf(repository);
        if (all.Count == 0)
        {
            return NotFound("NAME_UNKNOWN");
        }
        string last = request.Query.GetValueOrDefault("last") ?? "";
        int count = int.Parse(request.Query.GetValueOrDefault("n") ?? "1000", CultureInfo.InvariantCulture);
        List<string> rest = [.. all.Where(tag => string.CompareOrdinal(tag, last) > 0)];
        List<string> page = [.. rest.Take(count)];
        JsonObject document = new() { ["name"] = repository, ["tags"] = new JsonArray([.. page.Select(tag => (JsonNode)tag)]) };
        RegistryResponse response = new(200, Encoding.UTF8.GetBytes(document.ToJsonString()), "application/json");
        return page.Count == rest.Count ? response : response.With("Link", $"</v2/{repository}/tags/list?n={count}&last={page[^1]}>; rel=\"next\"");
    }

    [GeneratedRegex("^/v2/(?<name>.+)/blobs/uploads/(?<id>[^/]*)$")]
    private static partial Regex UploadPath();

    [GeneratedRegex("^/v2/(?<name>.+)/(?<kind>manifests|blobs|tags|referrers)/(?<reference>[^/]+)$")]
    private static partial Regex ThingPath();

    [GeneratedRegex("^bytes=(?<from>[0-9]+)-(?<to>[0-9]*)$")]
    private static partial Regex RangePath();
}
