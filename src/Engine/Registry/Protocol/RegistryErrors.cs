using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LayerImage.Engine.Errors;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Registry;

/// <summary>Turns a registry's refusals and a network's failures into the engine's errors.</summary>
internal static class RegistryErrors
{
    /// <param name="registry">Where it is.</param>
    /// <param name="hadCredential">It was sent a user name and password, or a token.</param>
    /// <param name="problem">Why a stored log-in could not be used.</param>
    public static LayerImageException Unauthorized(Uri registry, bool hadCredential, string? problem = null) => new(EngineError.RegistryUnauthorized,
        $"The registry {registry.Authority} refuses access{(hadCredential ? " with the user name and password that it was given" : "")}."
        + (problem is null ? "" : " " + problem))
    {
        Target = registry.Authority,
        Advice = "Check the image's name (a private or missing repository is refused alike), and log in with Connect-ImageRegistry or give -Credential.",
    };

    /// <summary>
    /// Whether a request failed before there was a conversation: no such host, nobody listens, no TLS between the two.
    /// Another try would meet the same.
    /// </summary>
    public static bool IsNoConversation(Exception failure) => failure is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
            or HttpRequestError.ProxyTunnelError or HttpRequestError.ConfigurationLimitExceeded
    } or OperationCanceledException { InnerException: TimeoutException };

    public static LayerImageException Unreachable(Uri registry, Exception inner)
    {
        string why = inner switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "no address is known for that name",
            HttpRequestException { InnerException: SocketException socket } => socket.Message,
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } http => http.InnerException?.Message ?? http.Message,
            OperationCanceledException or TimeoutException => "no answer in time",
            _ => inner.Message,
        };
        return new LayerImageException(EngineError.RegistryUnreachable, $"The registry {registry.Authority} cannot be reached: {why}.", inner)
        {
            Target = registry.Authority,
            Advice = inner is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
                ? $"A private CA's certificate belongs into certs.d/{registry.Authority}/ca.crt of the configuration folder or of /etc/docker; "
                    + "a registry without TLS needs \"insecure\" in registries.json."
                : "Check the registry's name and port, that it runs, and this machine's network and proxy settings ($HTTPS_PROXY).",
        };
    }

    public static LayerImageException Status(HttpResponseMessage response, byte[] body, ImageReference reference, bool hadCredential)
    {
        Uri registry = response.RequestMessage!.RequestUri!;
        string words = Words(body);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Unauthorized(registry, hadCredential),
            HttpStatusCode.NotFound =>
                new LayerImageException(EngineError.RegistryImageNotFound, $"The registry {registry.Authority} does not have {reference.Familiar}{words}.")
                { Target = reference.Familiar, Advice = "Check the repository and tag for typing errors." },
            HttpStatusCode.TooManyRequests => new LayerImageException(EngineError.RegistryUnreachable,
                $"The registry {registry.Authority} says there were too many requests{words}{Until(response)}.")
            { Target = registry.Authority, Advice = "Wait some minutes, or log in: many registries allow known users more." },
            >= HttpStatusCode.InternalServerError => new LayerImageException(EngineError.RegistryUnreachable,
                $"The registry {registry.Authority} has a fault of its own: it answered {(int)response.StatusCode}{words}.")
            { Target = registry.Authority, Advice = "Try again later." },
            _ => new LayerImageException(EngineError.RegistryProtocolError,
                $"The registry {registry.Authority} answered {(int)response.StatusCode}{words}.") { Target = registry.Authority },
        };
    }

    // Docker Hub asks for hours, which nobody wants to wait for in silence.
    private static string Until(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: TimeSpan wait } => $" and asks to wait {Tell(wait)}",
        { Date: DateTimeOffset date } => $" and asks to wait until {date:u}",
        _ => "",
    };

    private static string Tell(TimeSpan wait) => wait switch
    {
        { TotalHours: >= 2 } => $"{Math.Ceiling(wait.TotalHours)} hours",
        { TotalMinutes: >= 2 } => $"{Math.Ceiling(wait.TotalMinutes)} minutes",
        _ => $"{wait.TotalSeconds} seconds",
    };

    /// <summary>What the registry says itself, in parentheses: {"errors":[{"code":"…","message":"…"}]} (distribution-spec, "Error Codes").</summary>
    public static string Words(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement first = document.RootElement.GetProperty("errors")[0];
            string? message = first.TryGetProperty("message", out JsonElement text) ? text.GetString() : null;
            return string.IsNullOrEmpty(message) ? "" : $" ({message.ReplaceLineEndings(" ")})";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            return "";
        }
    }
}
