using System.Net;

namespace LayerImage.Testing.Host;

/// <summary>Asks web servers that may be about to start.</summary>
public static class Web
{
    /// <summary>
    /// Asks until the status is the one expected, and returns the body; throws with the last answer when it does not come
    /// in time.
    /// </summary>
    public static async Task<string> WaitForAsync(HttpClient client, string url, HttpStatusCode expected, TimeSpan patience, CancellationToken cancellationToken)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            string last;
            try
            {
                using HttpResponseMessage response = await client.GetAsync(url, cancellationToken);
                if (response.StatusCode == expected)
                {
                    return await response.Content.ReadAsStringAsync(cancellationToken);
                }
                last = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellationToken.IsCancellationRequested))
            {
                last = error.Message;
            }
            if (TimeProvider.System.GetElapsedTime(start) > patience)
            {
                throw new TimeoutException($"{url} did not answer {(int)expected} within {patience.TotalSeconds} s; at last: {last}");
            }
            await Task.Delay(200, cancellationToken);
        }
    }

    /// <summary>A client without proxy, redirects and kept connections.</summary>
    public static HttpClient CreateClient(TimeSpan timeout) =>
        new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = timeout };
}
