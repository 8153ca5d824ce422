using System.Diagnostics;

namespace LayerImage.Module.Tests;

/// <summary>What a run wrote and returned.</summary>
sealed record LauncherOutcome(int ExitCode, string Output, string Error);

/// <summary>Runs ./layerimage, and so a PowerShell of its own, to its end; with a home of its own.</summary>
sealed class LauncherProcess : IDisposable
{
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    readonly string _folder = Directory.CreateTempSubdirectory("layerimage-home-").FullName;

    internal string Home => _folder;

    /// <summary>Variables beside its own.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Writes a script into the home and returns its path.</summary>
    internal string WriteScript(string text, string name = "test.ps1")
    {
        string path = Path.Combine(_folder, name);
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
            ["NUGET_PACKAGES"] = PackagesFolder,
            ["POWERSHELL_TELEMETRY_OPTOUT"] = null,
            ["POWERSHELL_UPDATECHECK"] = null,
            ["PSModulePath"] = null,
            ["DOTNET_ROOT"] = DotnetRoot,
            ["TERM"] = "xterm",
        },
    };

    internal Task<LauncherOutcome> RunAsync(string input, params IEnumerable<string> arguments) => RunProgramAsync(input, Repository.Launcher, arguments);

    /// <summary>Runs another program in the same environment: one that starts ./layerimage in turn.</summary>
    internal async Task<LauncherOutcome> RunProgramAsync(string input, string program, params IEnumerable<string> arguments)
    {
        using CancellationTokenSource limit = new(s_limit);
        using Process process = Process.Start(StartInfo(program, arguments))!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new LauncherOutcome(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Where the tests' own packages are, and so the restored PowerShell: another home would not have it.</summary>
    static string PackagesFolder => System.Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>The runtime that runs this test: .../shared/Microsoft.NETCore.App/10.0.x/ is three below its root.</summary>
    static string DotnetRoot => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
}
