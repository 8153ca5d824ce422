using System.Text;

namespace LayerImage.Testing.Registry;

/// <summary>
/// A way in which the server misbehaves: which requests it meets, how often, and what it does to the answer.
/// Made by the named methods, narrowed by <see cref="On"/>, <see cref="Once"/>, <see cref="Times"/> and <see cref="After"/>.
/// </summary>
public sealed record RegistryFault
{
    /// <summary>Which requests it meets; all by default.</summary>
    public Func<RegistryRequest, bool> Meets { get; init; } = _ => true;

    /// <summary>How many requests it spoils before it is spent.</summary>
    public int Count { get; init; } = int.MaxValue;

    /// <summary>How many matching requests it lets pass first.</summary>
    public int Skip { get; init; }

    /// <summary>Replaces the answer.</summary>
    internal Func<RegistryRequest, RegistryResponse, RegistryResponse> Replace { get; init; } = (_, response) => response;

    /// <summary>The connection is closed after so many bytes of the body; -1: before any answer.</summary>
    internal long? CutAt { get; init; }

    /// <summary>Only so many bytes of the request's body are read, and the connection is closed after the answer to them.</summary>
    internal int? CutBodyAt { get; init; }

    /// <summary>The answer waits so long.</summary>
    internal TimeSpan Delay { get; init; }

    /// <summary>The body goes out in pieces of this size with a pause between them; 0: at once.</summary>
    internal int PieceSize { get; init; }

    /// <summary>The pause between pieces.</summary>
    internal TimeSpan Pause { get; init; }

    /// <summary>The body never ends.</summary>
    internal bool IsEndless { get; init; }

    /// <summary>Only requests whose "METHOD /path" contains the text.</summary>
    public RegistryFault On(string text) => this with { Meets = request => request.ToString().Contains(text, StringComparison.Ordinal) };

    /// <summary>Only the next matching request.</summary>
    public RegistryFault Once() => Times(1);

    /// <summary>Only so many matching requests.</summary>
    public RegistryFault Times(int count) => this with { Count = count };

    /// <summary>Lets so many matching requests pass first.</summary>
    public RegistryFault After(int count) => this with { Skip = count };

    /// <summary>Answers with a status and the specification's error document.</summary>
    public static RegistryFault Status(int status, string code = "UNKNOWN", string message = "the server was told to fail") =>
        new() { Replace = (_, _) => RegistryResponse.Error(status, code, message) };

    /// <summary>429, with Retry-After in seconds or as an HTTP date.</summary>
    public static RegistryFault TooManyRequests(string? retryAfter) => new()
    {
        Replace = (_, _) =>
        {
            RegistryResponse response = RegistryResponse.Error(429, "TOOMANYREQUESTS", "slow down");
            return retryAfter is null ? response : response.With("Retry-After", retryAfter);
        },
    };

    /// <summary>The body has the right length and one wrong byte.</summary>
    public static RegistryFault WrongBytes() => Body(body =>
    {
        byte[] wrong = [.. body];
        if (wrong.Length > 0)
        {
            wrong[wrong.Length / 2] ^= 0x01;
        }
        return wrong;
    });

    /// <summary>The body is another one; the headers fit it.</summary>
    public static RegistryFault Body(Func<byte[], byte[]> change) => new()
    {
        Replace = (_, response) =>
        {
            RegistryResponse changed = response with { Body = change(response.Body) };
            foreach ((string name, string value) in response.Headers)
            {
                changed.Headers[name] = value;
            }
            return changed;
        },
    };

    /// <summary>A header is another one.</summary>
    public static RegistryFault Header(string name, string value) => new() { Replace = (_, response) => response.With(name, value) };

    /// <summary>The connection is cut after so many bytes of the body; Content-Length promises all of it.</summary>
    public static RegistryFault CutAfter(long bytes) => new() { CutAt = bytes };

    /// <summary>The connection is closed without an answer.</summary>
    public static RegistryFault Drop() => new() { CutAt = -1 };

    /// <summary>The connection breaks after so many bytes of the request's body; the server keeps what came.</summary>
    public static RegistryFault CutUploadAfter(int bytes) => new() { CutBodyAt = bytes, CutAt = -1 };

    /// <summary>The answer comes before the body, which is not read; the connection is closed, as proxies do it.</summary>
    public static RegistryFault RefuseBody(int status) => Status(status) with { CutBodyAt = 0 };

    /// <summary>The answer comes late.</summary>
    public static RegistryFault Late(TimeSpan delay) => new() { Delay = delay };

    /// <summary>The body drips.</summary>
    public static RegistryFault Slow(int pieceSize, TimeSpan pause) => new() { PieceSize = pieceSize, Pause = pause };

    /// <summary>A login page of a hotel's network: 200 and HTML.</summary>
    public static RegistryFault Html() => new()
    {
        Replace = (_, _) => new RegistryResponse(200, Encoding.UTF8.GetBytes("<!DOCTYPE html><html><body>Please log in</body></html>"), "text/html"),
    };

    /// <summary>The answer is elsewhere.</summary>
    public static RegistryFault Redirect(Func<RegistryRequest, string> location, int status = 307) =>
        new() { Replace = (request, _) => RegistryResponse.Empty(status).With("Location", location(request)) };

    /// <summary>The body goes on for ever (chunked, so no length is promised).</summary>
    public static RegistryFault Endless() => new() { IsEndless = true };
}
