using System.Runtime.Versioning;
using LayerImage.Shell;

[assembly: SupportedOSPlatform("linux")]

// The stock engine writes a telemetry id into the user's cache when its first runspace is made.
Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");

if (!ShellArguments.TryParse(args, out ShellArguments arguments, out string? problem))
{
    Console.Error.WriteLine($"layerimage: {problem} See --help.");
    return ExitCodes.Usage;
}
if (arguments.ShowHelp)
{
    Console.Out.Write(ShellArguments.Help);
    return ExitCodes.Success;
}
using ShellSession session = new(new ShellHost(new ShellUserInterface()));
return session.Run(arguments);
