using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LayerImage.Engine.Errors;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Registry;

/// <summary>Turns a registry's refusals and a network's failures into the engine's errors.</summary>
internal static class RegistryErrors
{
    public static LayerImageException Unauthorized(Uri registry, bool hadCredential) => new(EngineError.RegistryUnauthorized,
        $"The registry {registry.Authority} refuses access{(hadCredential ? " with the given user name and password" : "")}.")
    {
        Target = registry.Authority,
        Advice = "Check the image's name (a private or missing repository is refused alike) and give -Credential.",
    };

    public static LayerImageException Unreachable(Uri registry, Exception inner)
    {
        string why = inner switch
        {
            HttpRequestException { InnerException: SocketException socket } => socket.Message,
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } http => http.InnerException?.Message ?? http.Message,
            TaskCanceledException or TimeoutException => "no answer in time",
            _ => inner.Message,
        };
        return new LayerImageException(EngineError.RegistryUnreachable, $"The registry {registry.Authority} cannot be reached: {why}.", inner)
        {
            Target = registry.Authority,
            Advice = "Check the registry's name and port, that it runs, and this machine's network and proxy settings ($HTTPS_PROXY).",
        };
    }

    public static LayerImageException Status(HttpResponseMessage response, byte[] body, ImageReference reference, bool hadCredential)
    {
        Uri registry = response.RequestMessage!.RequestUri!;
        string words = Words(body);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Unauthorized(registry, hadCredential),
            HttpStatusCode.NotFound => new LayerImageException(EngineError.RegistryImageNotFound, $"The registry {registry.Authority} does not have {reference.Familiar}{words}.")
            { Target = reference.Familiar, Advice = "Check the repository and tag for typing errors." },
            HttpStatusCode.TooManyRequests => new LayerImageException(EngineError.RegistryUnreachable, $"The registry {registry.Authority} says there were too many requests{words}.")
            { Target = registry.Authority, Advice = "Wait some minutes, or log in: many registries allow known users more." },
            >= HttpStatusCode.InternalServerError => new LayerImageException(EngineError.RegistryUnreachable, $"The registry {registry.Authority} has a fault of its own: it answered {(int)response.StatusCode}{words}.")
            { Target = registry.Authority, Advice = "Try again later." },
            _ => new LayerImageException(EngineError.RegistryProtocolError, $"The registry {registry.Authority} answered {(int)response.StatusCode}{words}.") { Target = registry.Authority },
        };
    }

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
