namespace LayerImage.Engine.Registry;

/// <summary>
/// The way to a repository: the registry itself, and before it the mirrors that may answer for it. Thread-safe.
/// A mirror is asked for manifests and blobs only; when it does not have what is asked, refuses or fails, the next one
/// is asked and in the end the registry.
/// </summary>
/// <param name="origin">The registry.</param>
/// <param name="mirrors">Its mirrors, the first one first.</param>
internal sealed class RegistryTransport(RegistryConversation origin, IReadOnlyList<RegistryConversation> mirrors) : IDisposable
{
    private static readonly HttpRequestOptionsKey<int> s_mirror = new("mirror");
    // How many mirrors, from the first, have been given up.
    private volatile int _failed;

    /// <summary>The repository's address: https://host/v2/name/.</summary>
    public Uri Base => origin.Endpoint.Base;

    /// <summary>How long a silent registry is waited for.</summary>
    public RetryPolicy Patience => origin.Patience;

    /// <summary>Whether a user name and password were sent where the registry asked for them.</summary>
    public bool HasCredential => origin.Authenticator.HasCredential;

    public void Dispose()
    {
        origin.Dispose();
        foreach (RegistryConversation mirror in mirrors)
        {
            mirror.Dispose();
        }
    }

    /// <summary>
    /// Sends a request; the headers of the answer are here when it returns. Challenges, redirects (credentials go to no
    /// other host), 429, 5xx and broken conversations are dealt with as the options say; any other status is returned.
    /// The caller disposes the answer.
    /// </summary>
    /// <exception cref="Errors.LayerImageException">RegistryUnreachable, RegistryUnauthorized or RegistryProtocolError.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri uri, RegistryRequestOptions options, CancellationToken cancellationToken)
    {
        if (mirrors.Count > 0 && (method == HttpMethod.Get || method == HttpMethod.Head) && Base.MakeRelativeUri(uri).OriginalString is string path
            && (path.StartsWith("manifests/", StringComparison.Ordinal) || path.StartsWith("blobs/", StringComparison.Ordinal)))
        {
            for (int i = _failed; i < mirrors.Count; i++)
            {
                if (await AskMirrorAsync(i, method, path, options, cancellationToken).ConfigureAwait(false) is HttpResponseMessage response)
                {
                    return response;
                }
            }
        }
        return await origin.SendAsync(method, uri, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Whether what was received can be asked for again elsewhere, because a mirror sent it: that mirror, and those
    /// before it, are not asked any more.
    /// </summary>
    public bool GiveUpMirror(HttpResponseMessage response)
    {
        if (response.RequestMessage!.Options.TryGetValue(s_mirror, out int index))
        {
            _failed = Math.Max(_failed, index + 1);
            return true;
        }
        return false;
    }

    /// <summary>From now on asks the registry only. False when no mirror was left to be asked anyway.</summary>
    public bool GiveUpMirrors()
    {
        bool had = _failed < mirrors.Count;
        _failed = mirrors.Count;
        return had;
    }

    private async Task<HttpResponseMessage?> AskMirrorAsync(
        int index,
        HttpMethod method,
        string path,
        RegistryRequestOptions options,
        CancellationToken cancellationToken)
    {
        RegistryConversation mirror = mirrors[index];
        try
        {
            HttpResponseMessage response =
                await mirror.SendAsync(method, new Uri(mirror.Endpoint.Base, path), options, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                response.RequestMessage!.Options.Set(s_mirror, index);
                return response;
            }
            response.Dispose();
        }
        catch (Errors.LayerImageException)
        {
            // It is down or out of order: it is not worth the wait of another request.
            _failed = Math.Max(_failed, index + 1);
        }
        return null;
    }
}
