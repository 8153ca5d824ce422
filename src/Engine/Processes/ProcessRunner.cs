using System.Diagnostics;
using System.Text;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Processes;

/// <summary>What a finished program wrote and returned.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Its standard output as text.</param>
/// <param name="Error">Its standard error as text.</param>
public sealed record ProcessResult(int ExitCode, string Output, string Error);

/// <summary>Runs a program to its end. Arguments are a list, never a shell's string.</summary>
public static class ProcessRunner
{
    /// <summary>Runs a program and returns whatever its exit code is. Idempotence is the program's.</summary>
    /// <exception cref="OperationCanceledException">The token fired; the program was killed.</exception>
    public static async Task<ProcessResult> RunAsync(IReadOnlyList<string> arguments, string? standardInput, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(arguments[0], arguments.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
            await FeedAsync(process, standardInput ?? "", cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return new ProcessResult(process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static async Task FeedAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended, or closed its input, before it read all: its exit code and its words say what that means.
        }
    }

    /// <summary>Runs a program that must succeed and returns its standard output.</summary>
    /// <exception cref="ProcessFailedException">It returned anything but 0.</exception>
    public static async Task<string> RunCheckedAsync(
        EngineError error,
        IReadOnlyList<string> arguments,
        string? standardInput,
        CancellationToken cancellationToken)
    {
        ProcessResult result = await RunAsync(arguments, standardInput, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? result.Output : throw new ProcessFailedException(error, arguments, result.ExitCode, result.Error);
    }
}
