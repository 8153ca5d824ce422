using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Net;
using System.Net.Http.Headers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Registry;

/// <summary>
/// Requests to one registry: answers its challenges, follows redirects by hand, so that credentials go to no other
/// host, and tries again after passing failures. Thread-safe.
/// </summary>
internal sealed class RegistryConversation : IDisposable
{
    private const int MostRedirects = 5, MostAnswers = 2;
    private static readonly string s_manifestTypes = string.Join(
        ", ",
        [
            MediaTypes.OciIndex,
            MediaTypes.OciManifest,
            MediaTypes.DockerIndex,
            MediaTypes.DockerManifest,
            MediaTypes.DockerSchema1Signed,
            MediaTypes.DockerSchema1,
        ]);
    private readonly RegistryEndpoint _endpoint;
    private readonly RetryPolicy _retry;
    private readonly HttpClient _http;
    private readonly RegistryAuthenticator _authenticator;
    // Who has answered once can be reached: if it is gone now, it may come back.
    private readonly ConcurrentDictionary<string, bool> _reached = new(StringComparer.OrdinalIgnoreCase);
    // An insecure registry without TLS: the first failed handshake tells.
    private volatile bool _plain;
    private readonly SemaphoreSlim _rootGate = new(1, 1);
    private bool _askedRoot;

    public RegistryConversation(
        RegistryEndpoint endpoint,
        HttpMessageHandler handler,
        RegistryLoginSource login,
        RetryPolicy retry,
        bool asksForIdentityToken = false)
    {
        _endpoint = endpoint;
        _retry = retry;
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("LayerImage/0.1");
        _authenticator = new RegistryAuthenticator(SendTokenRequestAsync, login, allowPlain: endpoint.IsInsecure)
        {
            AsksForIdentityToken = asksForIdentityToken,
        };
    }

    /// <summary>Where the repository, or the registry, is.</summary>
    public RegistryEndpoint Endpoint => _endpoint;

    /// <summary>How long a silent registry is waited for.</summary>
    public RetryPolicy Patience => _retry;

    /// <summary>Who the registry's challenges are answered for.</summary>
    public RegistryAuthenticator Authenticator => _authenticator;

    public void Dispose()
    {
        _authenticator.Dispose();
        _rootGate.Dispose();
        _http.Dispose();
    }

    /// <summary>Sends a request; the headers of the answer are here when it returns. The caller disposes it.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri uri, RegistryRequestOptions options, CancellationToken cancellationToken) =>
        _retry.RunAsync(() => AskAsync(method, uri, options, cancellationToken), options.MayRepeat, cancellationToken);

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, Uri uri, RegistryRequestOptions options, CancellationToken cancellationToken)
    {
        Uri target = uri;
        for (int redirects = 0, answers = 0; ;)
        {
            bool own = !options.IsAnonymous && IsOwn(target);
            AuthenticationHeaderValue? authorization = own ? _authenticator.Header : null;
            HttpResponseMessage response =
                await SendOnceAsync(() => Compose(method, target, options, authorization), target, cancellationToken).ConfigureAwait(false);
            if (own && IsRefusal(response, authorization) && answers++ < MostAnswers)
            {
                if (!await AnswerAsync(method, response, authorization, cancellationToken).ConfigureAwait(false))
                {
                    return response;
                }
                response.Dispose();
                continue;
            }
            if (!IsRedirect(response, options.Body is not null))
            {
                return response;
            }
            target = Follow(target, response.Headers.Location!, ++redirects);
            response.Dispose();
        }
    }

    // Some registries hide a repository from who sends no password, as if it were not there.
    private static bool IsRefusal(HttpResponseMessage response, AuthenticationHeaderValue? authorization) =>
        response.StatusCode == HttpStatusCode.Unauthorized
            || (authorization is null && response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden);

    private async Task<bool> AnswerAsync(
        HttpMethod method,
        HttpResponseMessage refusal,
        AuthenticationHeaderValue? refused,
        CancellationToken cancellationToken)
    {
        string? scope = _endpoint.ScopeOf(method);
        try
        {
            return refusal.StatusCode == HttpStatusCode.Unauthorized && refusal.Headers.WwwAuthenticate.Count > 0
                ? await _authenticator.AnswerAsync(refusal, refused, scope, cancellationToken).ConfigureAwait(false)
                : await AnswerRootAsync(refused, scope, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException) when (refusal.StatusCode != HttpStatusCode.Unauthorized && !cancellationToken.IsCancellationRequested)
        {
            return false; // the answer itself says more than that nobody lets us in
        }
        catch
        {
            refusal.Dispose();
            throw;
        }
    }

    // A refusal without a challenge: the root has one, and docker asks there before all else. Here it is asked once, by whoever
    // is refused first; the others wait for it.
    private async Task<bool> AnswerRootAsync(AuthenticationHeaderValue? refused, string? scope, CancellationToken cancellationToken)
    {
        await _rootGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_askedRoot && await _authenticator.KnowsUserAsync(cancellationToken).ConfigureAwait(false))
            {
                _askedRoot = true;
                HttpRequestMessage AskRoot() => Compose(HttpMethod.Get, _endpoint.Root, RegistryRequestOptions.None, null);
                using HttpResponseMessage root = await SendOnceAsync(AskRoot, _endpoint.Root, cancellationToken).ConfigureAwait(false);
                if (root.StatusCode == HttpStatusCode.Unauthorized)
                {
                    await _authenticator.AnswerAsync(root, refused, scope, cancellationToken).ConfigureAwait(false);
                }
            }
            return _authenticator.Header is AuthenticationHeaderValue header && !Equals(header, refused);
        }
        finally
        {
            _rootGate.Release();
        }
    }

    // The same server by the same way: host, port and TLS.
    private bool IsOwn(Uri target) =>
        target.Authority == _endpoint.Base.Authority && (target.Scheme == _endpoint.Base.Scheme || (_plain && target.Scheme == "http"));

    // With a body only 307 and 308 mean "the same again there" (RFC 9110, 15.4).
    private static bool IsRedirect(HttpResponseMessage response, bool hasBody) =>
        response.Headers.Location is not null && (int)response.StatusCode is var status && (status is 307 or 308 || (!hasBody && status is 301 or 302 or 303));

    private Uri Follow(Uri from, Uri location, int redirects)
    {
        string registry = _endpoint.Base.Authority;
        bool isSafe = Uri.TryCreate(from, location, out Uri? target)
            && (target.Scheme == "https" || (target.Scheme == "http" && (from.Scheme == "http" || _endpoint.IsInsecure)));
        string? fault = redirects > MostRedirects ? "without end" : isSafe ? null : "to an address that is not safe (no HTTPS)";
        return fault is null
            ? target!
            : throw new LayerImageException(EngineError.RegistryProtocolError, $"The registry {registry} redirects {fault}.") { Target = registry };
    }

    private static HttpRequestMessage Compose(HttpMethod method, Uri target, RegistryRequestOptions options, AuthenticationHeaderValue? authorization)
    {
        HttpRequestMessage request = new(method, target) { Content = options.Body?.Invoke() };
        request.Headers.Authorization = authorization;
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

    private Task<HttpResponseMessage> SendTokenRequestAsync(Func<HttpRequestMessage> request, Uri server, CancellationToken cancellationToken) =>
        _retry.RunAsync(() => AskTokenServerAsync(request, server, cancellationToken), mayRepeat: true, cancellationToken);

    // A token server may have moved; the password goes to no other host.
    private async Task<HttpResponseMessage> AskTokenServerAsync(Func<HttpRequestMessage> request, Uri server, CancellationToken cancellationToken)
    {
        Uri? target = null;
        for (int redirects = 0; ;)
        {
            HttpResponseMessage response = await SendOnceAsync(() => At(request(), target), target ?? server, cancellationToken).ConfigureAwait(false);
            if (!IsRedirect(response, response.RequestMessage!.Content is not null))
            {
                return response;
            }
            target = Follow(target ?? server, response.Headers.Location!, ++redirects);
            bool isPost = response.RequestMessage.Content is not null;
            response.Dispose();
            if (isPost && target.Authority != server.Authority)
            {
                throw new LayerImageException(EngineError.RegistryProtocolError,
                    $"The token server {server.Authority} sends the identity token on to {target.Authority}, which was not done.")
                {
                    Target = server.Authority,
                };
            }
        }
    }

    private static HttpRequestMessage At(HttpRequestMessage request, Uri? target)
    {
        if (target is not null)
        {
            request.Headers.Authorization = target.Authority == request.RequestUri!.Authority ? request.Headers.Authorization : null;
            request.RequestUri = target;
        }
        return request;
    }

    private async Task<HttpResponseMessage> SendOnceAsync(Func<HttpRequestMessage> compose, Uri target, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = compose();
        if (_plain && request.RequestUri!.Scheme == "https" && request.RequestUri.Authority == _endpoint.Base.Authority)
        {
            request.RequestUri = Plain(request.RequestUri);
        }
        // The token ends the wait for the headers only, so a long transfer is not cut.
        using CancellationTokenSource late = new(Timeout.InfiniteTimeSpan, _retry.Clock);
        if (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head)
        {
            late.CancelAfter(_retry.Idle); // others may take their time: a registry checks what was sent before it answers
        }
        using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
            _reached.TryAdd(request.RequestUri!.Authority, true);
            return response;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_plain
                && _endpoint.IsInsecure
                && request.RequestUri!.Scheme == "https"
                && request.RequestUri.Authority == _endpoint.Base.Authority
                && RegistryErrors.IsNoConversation(e))
            {
                _plain = true;
                return await SendOnceAsync(compose, target, cancellationToken).ConfigureAwait(false);
            }
            LayerImageException failure = RegistryErrors.Unreachable(request.RequestUri!, e);
            throw RegistryErrors.IsNoConversation(e) && !_reached.ContainsKey(request.RequestUri!.Authority) ? failure : new BrokenAnswerException(failure);
        }
    }

    private static Uri Plain(Uri uri) => new UriBuilder(uri) { Scheme = "http", Port = uri.IsDefaultPort ? -1 : uri.Port }.Uri;
}
