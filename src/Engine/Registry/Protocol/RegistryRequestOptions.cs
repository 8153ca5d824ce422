using System.Net.Http.Headers;

namespace LayerImage.Engine.Registry;

/// <summary>What a request to a registry has besides its method and address.</summary>
internal sealed record RegistryRequestOptions
{
    /// <summary>A request without anything.</summary>
    public static RegistryRequestOptions None { get; } = new();

    /// <summary>The part of a blob that is wanted.</summary>
    public RangeHeaderValue? Range { get; init; }

    /// <summary>Asks for every kind of manifest that the engine knows.</summary>
    public bool AcceptManifests { get; init; }

    /// <summary>Whatever the address, no credentials go there: somebody else chose it.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Makes the body. Called once for each try: after an answer to a challenge, a redirect and a retry the body is sent again.</summary>
    public Func<HttpContent>? Body { get; init; }

    /// <summary>Further headers of the request (those of the body belong to <see cref="Body"/>'s content).</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>
    /// A passing failure (429, 5xx, a broken conversation) leads to another try. False for what must not be sent twice
    /// without asking how far the registry got (a PATCH of an upload): the failure comes back at once.
    /// </summary>
    public bool MayRepeat { get; init; } = true;
}
