using System.Net;
using System.Net.Http.Headers;

namespace LayerImage.Engine.Registry;

/// <summary>How often and after which time a request that failed for a passing reason is made again.</summary>
/// <param name="Count">Tries after the first one that failed, as long as none of them gets further.</param>
/// <param name="Clock">Measures the waits.</param>
internal sealed record RetryPolicy(int Count, TimeProvider Clock)
{
    /// <summary>How often a failed request is made again where nobody says otherwise: five times, as docker.</summary>
    public const int DefaultCount = 5;

    /// <summary>After which time without an answer or a byte of it the registry is given up: 60 s.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(250), s_longest = TimeSpan.FromSeconds(30), s_longestAsked = TimeSpan.FromMinutes(5);

    /// <summary>Waits before a further try: twice as long each time, up to half a minute, or as long as the registry asks.</summary>
    /// <param name="failures">How many tries have failed, from 1.</param>
    /// <param name="asked">What the registry asked for (Retry-After, RFC 9110, 10.2.3); at most five minutes are given.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitAsync(int failures, TimeSpan? asked, CancellationToken cancellationToken) =>
        Task.Delay(DelayAfter(failures, asked), Clock, cancellationToken);

    /// <summary>
    /// Makes a request until its answer is no passing failure, or as often as the policy says. The last answer is
    /// returned whatever it is. A registry that asks for more than five minutes is not waited for.
    /// </summary>
    /// <exception cref="Errors.LayerImageException">The last try got no answer.</exception>
    public async Task<HttpResponseMessage> RunAsync(Func<Task<HttpResponseMessage>> request, bool mayRepeat, CancellationToken cancellationToken)
    {
        for (int failures = 1; ; failures++)
        {
            bool last = !mayRepeat || failures > Count;
            TimeSpan? asked = null;
            try
            {
                HttpResponseMessage response = await request().ConfigureAwait(false);
                asked = AskedWait(response);
                if (last || !IsPassing(response.StatusCode) || asked > s_longestAsked)
                {
                    return response;
                }
                response.Dispose();
            }
            catch (BrokenAnswerException broken)
            {
                if (last)
                {
                    throw broken.Failure;
                }
            }
            await WaitAsync(failures, asked, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How long an answer asks to wait: seconds, or a date by the policy's clock; null when it does not say.</summary>
    public TimeSpan? AskedWait(HttpResponseMessage response) => response.Headers.RetryAfter is RetryConditionHeaderValue header
        ? header.Delta ?? header.Date - Clock.GetUtcNow()
        : null;

    /// <summary>How long <see cref="WaitAsync"/> waits.</summary>
    internal static TimeSpan DelayAfter(int failures, TimeSpan? asked)
    {
        if (asked is TimeSpan wanted)
        {
            return wanted < TimeSpan.Zero ? TimeSpan.Zero : wanted > s_longestAsked ? s_longestAsked : wanted;
        }
        TimeSpan doubled = s_first * Math.Pow(2, Math.Min(failures - 1, 16));
        return doubled > s_longest ? s_longest : doubled;
    }

    private static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
        or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}
