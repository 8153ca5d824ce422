using LayerImage.Engine;

// What must happen when no PowerShell is alive. conmon starts it when a container ends:
//   layerimage-agent exited --root R --run N --configuration C ID
if (args is not ["exited", "--root", var root, "--run", var run, "--configuration", var configuration, var id])
{
    Console.Error.WriteLine("usage: layerimage-agent exited --root ROOT --run RUN --configuration CONFIGURATION ID");
    return 64;
}
try
{
    EngineOptions options = new() { Root = root, Run = run, Configuration = configuration, AgentPath = Environment.ProcessPath };
    await new LayerImageEngine(options).Containers.HandleExitAsync(id, CancellationToken.None).ConfigureAwait(false);
    return 0;
}
catch (Exception e)
{
    // Nobody reads conmon's stderr; the next look at the container finishes what failed here.
    string log = Path.Combine(run, "agent.log");
    File.AppendAllText(log, $"{DateTimeOffset.UtcNow:O} {id}: {e}\n");
    return 1;
}
