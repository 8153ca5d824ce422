using LayerImage.Agent;
using LayerImage.Engine;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;
using Microsoft.Win32.SafeHandles;

// What must happen when no PowerShell is alive.
//   exited ID        a container has ended; conmon starts this
//   committing ID    a commit pauses a container: when the process at the other end of descriptor 3 dies, this thaws it
//   firewall-start   the host boots; the service manager starts this
//   firewalld-watch  containers run beside firewalld: published ports obey its zones until the last container has gone
const string Usage = "usage: layerimage-agent exited|committing|firewall-start|firewalld-watch --root ROOT --run RUN --configuration CONFIGURATION [ID]";
if (args is not [var verb, "--root", var root, "--run", var run, "--configuration", var configuration, .. var rest])
{
    Console.Error.WriteLine(Usage);
    return 64;
}
EngineOptions Options() => new() { Root = root, Run = run, Configuration = configuration, AgentPath = Environment.ProcessPath };
LayerImageEngine Open() => new(Options());
// conmon blocks SIGCHLD and its children inherit that: .NET would never hear of the end of a process it starts.
Libc.UnblockSignals();
try
{
    switch (verb, rest)
    {
        case ("exited", [var id]):
            await Open().Containers.ReconcileAsync(id, CancellationToken.None).ConfigureAwait(false);
            return 0;
        case ("committing", [var id]):
            using (FileStream life = new(new SafeFileHandle(3, ownsHandle: true), FileAccess.Read, bufferSize: 0))
            {
                if (life.ReadByte() >= 0)
                {
                    return 0; // the pause has ended as it should
                }
            }
            await Open().Containers.ReconcileAsync(id, CancellationToken.None).ConfigureAwait(false);
            return 0;
        case ("firewalld-watch", []):
            CgroupLayout.Read().MoveToMonitors(Environment.ProcessId);
            await new FirewalldWatch(Options(), NetworkOptions.For(Options()).NamespaceFolder).RunAsync().ConfigureAwait(false);
            return 0;
        case ("firewall-start", []):
            // Without the image store: a host whose store is damaged must not boot without its firewall.
            HostFirewalls.Open(Options()).Start(new ErrorStreamObserver());
            return 0;
        default:
            Console.Error.WriteLine(Usage);
            return 64;
    }
}
catch (Exception e)
{
    // conmon's children have no stderr that anybody reads; the next look at the container finishes what failed here.
    Console.Error.WriteLine(e.Message);
    try
    {
        File.AppendAllText(Path.Combine(run, "agent.log"), $"{DateTimeOffset.UtcNow:O} {string.Join(' ', args)}: {e}\n");
    }
    catch (Exception unwritten) when (unwritten is IOException or UnauthorizedAccessException)
    {
        // The run folder is lost or full.
    }
    return 1;
}
