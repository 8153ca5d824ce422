using System.Collections.ObjectModel;
using System.Net;
using System.Net.Http.Headers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Registry;

/// <summary>
/// Requests to one registry: answers its challenges and follows redirects by hand, so that credentials go to no other
/// host. Thread-safe.
/// </summary>
internal sealed class RegistryTransport : IDisposable
{
    private const int MostRedirects = 5;
    private static readonly string s_manifestTypes = string.Join(", ", [MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerIndex, MediaTypes.DockerManifest, MediaTypes.DockerSchema1Signed, MediaTypes.DockerSchema1]);
    private readonly HttpClient _http;
    private readonly RegistryAuthenticator _authenticator;

    public RegistryTransport(Uri registry, RegistryCredential? credential)
    {
        Base = registry;
        HasCredential = credential is not null;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            // Layers are compressed already, and their bytes are what the digest is of.
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 64,
            UseCookies = false,
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("LayerImage/0.1");
        _authenticator = new RegistryAuthenticator(_http, credential);
    }

    /// <summary>The repository's address: https://host/v2/name/.</summary>
    public Uri Base { get; }

    /// <summary>Whether a user name and password are sent where the registry asks for them.</summary>
    public bool HasCredential { get; }

    /// <summary>How long a silent registry is waited for.</summary>
    public RetryPolicy Patience { get; init; } = new(RetryPolicy.DefaultCount, TimeProvider.System);

    public void Dispose()
    {
        _authenticator.Dispose();
        _http.Dispose();
    }

    /// <summary>Sends a request; the headers of the answer are here when it returns. The caller disposes it.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri uri, RegistryRequestOptions options, CancellationToken cancellationToken)
    {
        bool answered = false;
        Uri target = uri;
        for (int redirects = 0; ;)
        {
            AuthenticationHeaderValue? authorization = IsHome(target) ? _authenticator.Header : null;
            using HttpRequestMessage request = Compose(method, target, options);
            request.Headers.Authorization = authorization;
            HttpResponseMessage response = await SendOnceAsync(request, cancellationToken).ConfigureAwait(false);
            // Another host's challenge would send the password to a realm of that host's choice.
            if (response.StatusCode == HttpStatusCode.Unauthorized && !answered && IsHome(target))
            {
                answered = true;
                if (await _authenticator.AnswerAsync(response, authorization, cancellationToken).ConfigureAwait(false))
                {
                    response.Dispose();
                    continue;
                }
            }
            if ((int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is Uri location)
            {
                bool mayBePlain = target.Scheme == "http" && Base.Scheme == "http";
                target = new Uri(target, location);
                response.Dispose();
                if (++redirects > MostRedirects || !(target.Scheme == "https" || (target.Scheme == "http" && mayBePlain)))
                {
                    throw new LayerImageException(EngineError.RegistryProtocolError, $"The registry {Base.Authority} redirects {(redirects > MostRedirects ? "without end" : $"to {target.Scheme}, which is not safe")}.") { Target = Base.Authority };
                }
                continue;
            }
            return response;
        }
    }

    private bool IsHome(Uri target) => target.Authority == Base.Authority && target.Scheme == Base.Scheme;

    private static HttpRequestMessage Compose(HttpMethod method, Uri target, RegistryRequestOptions options)
    {
        HttpRequestMessage request = new(method, target) { Content = options.Body?.Invoke() };
        request.Headers.Range = options.Range;
        if (options.AcceptManifests)
        {
            request.Headers.Accept.ParseAdd(s_manifestTypes);
        }
        foreach ((string name, string value) in options.Headers ?? ReadOnlyDictionary<string, string>.Empty)
        {
            request.Headers.Add(name, value);
        }
        return request;
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            // A body on its way out takes as long as it takes.
            using CancellationTokenSource late = new(request.Content is null ? Patience.Idle : Timeout.InfiniteTimeSpan, Patience.Clock);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw RegistryErrors.Unreachable(request.RequestUri!, e);
        }
    }
}
