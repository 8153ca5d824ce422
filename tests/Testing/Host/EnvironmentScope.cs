namespace LayerImage.Testing.Host;

/// <summary>
/// Variables of this process's environment, for a session that is hosted in it; what was there before comes back. A process has
/// one environment: tests that use it run one after another (a collection that is not parallel).
/// </summary>
public sealed class EnvironmentScope : IDisposable
{
    private readonly IReadOnlyDictionary<string, string> _variables;
    private readonly Dictionary<string, string?> _before;

    /// <summary>Sets them.</summary>
    public EnvironmentScope(IReadOnlyDictionary<string, string> variables)
    {
        _variables = variables;
        _before = variables.Keys.ToDictionary(name => name, Environment.GetEnvironmentVariable);
        Set();
    }

    /// <summary>Sets them again, after another scope that was opened meanwhile.</summary>
    public void Set()
    {
        foreach ((string name, string value) in _variables)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    /// <summary>Sets them back.</summary>
    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
