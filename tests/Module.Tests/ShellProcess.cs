using System.Diagnostics;

namespace LayerImage.Module.Tests;

/// <summary>What the Shell wrote and returned.</summary>
sealed record ShellOutcome(int ExitCode, string Output, string Error);

/// <summary>Runs the built Shell to its end, with a home of its own.</summary>
sealed class ShellProcess : IDisposable
{
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    readonly string _folder = Directory.CreateTempSubdirectory("layerimage-shell-").FullName;

    internal string Home => _folder;

    /// <summary>Variables beside its own.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Writes a script into the Shell's home and returns its path.</summary>
    internal string WriteScript(string text)
    {
        string path = Path.Combine(_folder, "test.ps1");
        File.WriteAllText(path, text);
        return path;
    }

    internal ProcessStartInfo StartInfo(string program, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = Describe(program, arguments);
        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }
        return start;
    }

    ProcessStartInfo Describe(string program, IEnumerable<string> arguments) => new(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = _folder,
        Environment =
        {
            ["HOME"] = _folder,
            ["XDG_STATE_HOME"] = Path.Combine(_folder, "state"),
            ["XDG_CACHE_HOME"] = Path.Combine(_folder, "cache"),
            ["XDG_CONFIG_HOME"] = Path.Combine(_folder, "config"),
            ["XDG_DATA_HOME"] = Path.Combine(_folder, "data"),
            ["POWERSHELL_TELEMETRY_OPTOUT"] = null,
            ["PSModulePath"] = null,
            ["DOTNET_ROOT"] = DotnetRoot,
            ["TERM"] = "xterm",
        },
    };

    internal async Task<ShellOutcome> RunAsync(string input, params IEnumerable<string> arguments)
    {
        using CancellationTokenSource limit = new(s_limit);
        using Process process = Process.Start(StartInfo(Repository.Shell, arguments))!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new ShellOutcome(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>The runtime that runs this test: .../shared/Microsoft.NETCore.App/10.0.x/ is three below its root.</summary>
    static string DotnetRoot => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
}
