using System.Management.Automation;
using LayerImage.Testing.Host;
using LayerImage.Testing.Module;
using Xunit;

namespace LayerImage.Module.Tests.Acceptance;

/// <summary>The one place where the acceptance tests meet the fixture that hosts PowerShell.</summary>
internal sealed class AcceptanceHost : IModuleHost
{
    internal static AcceptanceHost Instance { get; } = new();

    public Task<IModuleSession> OpenAsync(IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken) =>
        Task.FromResult<IModuleSession>(new Session(environment));

    public IReadOnlyList<string> CommandLine(string script) => [Repository.Launcher, "-Command", script];

    private sealed class Session(IReadOnlyDictionary<string, string> environment) : IModuleSession
    {
        private readonly EnvironmentScope _scope = new(environment);
        private readonly ModuleHost _host = new();

        public Task<SessionResult> InvokeAsync(string script, CancellationToken cancellationToken)
        {
            // The process has one environment, and another session may have changed it.
            _scope.Set();
            return Task.Run(() => Convert(_host.Invoke(script)), cancellationToken);
        }

        public ValueTask DisposeAsync()
        {
            _host.Dispose();
            _scope.Dispose();
            return ValueTask.CompletedTask;
        }

        private static SessionResult Convert(ModuleResult result)
        {
            IEnumerable<ErrorRecord> errors = result.TerminatingError is { } last ? result.Errors.Append(last) : result.Errors;
            return new SessionResult(
                [.. result.Output.Select(item => item?.BaseObject)],
                [.. errors.Select(error => new SessionError(error.FullyQualifiedErrorId, $"{error} {error.ErrorDetails?.RecommendedAction}"))]);
        }
    }
}

/// <summary>The acceptance tests look at the whole machine and set the process's environment: nothing runs beside them.</summary>
[CollectionDefinition("Acceptance", DisableParallelization = true)]
public sealed class AcceptanceCollection;
