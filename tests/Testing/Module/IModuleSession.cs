namespace LayerImage.Testing.Module;

/// <summary>
/// A PowerShell session with the built module imported. The acceptance tests speak to the product only through it; who
/// hosts PowerShell is the implementation's affair.
/// </summary>
public interface IModuleSession : IAsyncDisposable
{
    /// <summary>
    /// Runs a script to its end in the session, whose variables and functions stay. Objects come without their PSObject
    /// wrapper. Terminating errors are in <see cref="SessionResult.Errors"/> too: nothing is thrown for them.
    /// </summary>
    Task<SessionResult> InvokeAsync(string script, CancellationToken cancellationToken);
}

/// <summary>What a script gave.</summary>
/// <param name="Output">The objects, in order.</param>
/// <param name="Errors">The error records, terminating ones last.</param>
public sealed record SessionResult(IReadOnlyList<object?> Output, IReadOnlyList<SessionError> Errors)
{
    /// <summary>The objects as strings, as <c>[string]</c> makes them.</summary>
    public IReadOnlyList<string> Lines => [.. Output.Select(item => Convert.ToString(item, System.Globalization.CultureInfo.InvariantCulture) ?? "")];
}

/// <summary>An error record.</summary>
/// <param name="ErrorId">FullyQualifiedErrorId: "ImageNotFound,LayerImage.Cmdlets.GetLayerImageCommand".</param>
/// <param name="Message">The message and the recommended action.</param>
public sealed record SessionError(string ErrorId, string Message)
{
    /// <summary>The part before the comma: the engine's name of the error.</summary>
    public string Name => ErrorId.Split(',')[0];
}

/// <summary>What a host of module sessions offers to the acceptance tests.</summary>
public interface IModuleHost
{
    /// <summary>Opens a session whose store, run folder and configuration are those of the environment given.</summary>
    Task<IModuleSession> OpenAsync(IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken);

    /// <summary>The command line of a new process that runs a script with the module and installs nothing.</summary>
    IReadOnlyList<string> CommandLine(string script);
}
