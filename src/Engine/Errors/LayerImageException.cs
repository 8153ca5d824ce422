namespace LayerImage.Engine.Errors;

/// <summary>What the engine throws. The message says what was asked, what happened and on which object.</summary>
public class LayerImageException : Exception
{
    /// <summary>Makes an exception of the engine.</summary>
    public LayerImageException(EngineError error, string message, Exception? inner = null)
        : base(PrintableText.Of(message), inner) => Error = error;

    /// <summary>Which failure this is.</summary>
    public EngineError Error { get; }

    /// <summary>The object it happened on: a reference, a path, a digest, an id, a port.</summary>
    public object? Target { get; init; }

    /// <summary>What the user can do about it, when the engine knows.</summary>
    public string? Advice { get; init; }
}
