using System.Diagnostics;
using LayerImage.Engine;
using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Network;

namespace LayerImage.Testing.Host;

/// <summary>Does whatever can be done to the containers of a store, in any order, beside others who do the same and are killed meanwhile.</summary>
/// <param name="engine">The store's engine; it has an image of the name box.</param>
/// <param name="random">Where the choices come from.</param>
public sealed class BusyContainers(LayerImageEngine engine, Random random)
{
    private static readonly IEngineObserver s_silent = SilentObserver.Instance;

    /// <summary>Works for so long; how many things were done, and how many of them were refused. Errors that are not the engine's are thrown.</summary>
    public async Task<(int Done, int Refused)> WorkAsync(TimeSpan time)
    {
        int done = 0, refused = 0;
        for (Stopwatch watch = Stopwatch.StartNew(); watch.Elapsed < time; done++)
        {
            try
            {
                await DoAsync(random.Next(15));
            }
            catch (LayerImageException)
            {
                // Another stopped, removed or renamed it, or was killed over it.
                refused++;
            }
        }
        return (done, refused);
    }

    private async Task DoAsync(int what)
    {
        ContainerService containers = engine.Containers;
        if (what < 4)
        {
            await containers.RunAsync(Request(), null, s_silent, default);
            return;
        }
        IReadOnlyList<Container> all = await containers.ListAsync(default);
        if (all.Count == 0)
        {
            return;
        }
        string id = all[random.Next(all.Count)].Id;
        switch (what)
        {
            case 4: await containers.StopAsync(id, TimeSpan.Zero, null, default); break;
            case 5: await containers.StartAsync(id, null, s_silent, default); break;
            case 6: await containers.RestartAsync(id, TimeSpan.Zero, s_silent, default); break;
            case 7: await containers.KillAsync(id, "KILL", default); break;
            case 8: await containers.PauseAsync(id, default); break;
            case 9: await containers.ResumeAsync(id, default); break;
            case 10: await containers.RenameAsync(id, $"busy{random.Next(20)}", default); break;
            case 11: await ExecuteAsync(id); break;
            case 12:
                Image image = await engine.Commits.CommitAsync(id, new CommitOptions { Reference = $"made:{random.Next(3)}" }, s_silent, default);
                engine.Images.Remove(image, null, force: true, pretend: false);
                break;
            default:
                if (all.Count > 4)
                {
                    await containers.RemoveAsync(id, force: true, s_silent, default);
                }
                break;
        }
    }

    private async Task ExecuteAsync(string id)
    {
        await using RunningCommand command = await engine.Containers.Commands.InvokeAsync(id, new ContainerCommandRequest { Command = ["echo", "x"] }, default);
        await foreach (Engine.Runtime.OutputLine line in command.ReadLinesAsync(default))
        {
            _ = line;
        }
    }

    private ContainerRequest Request() => new()
    {
        Image = "box",
        // Long, short, failing, and one that does not care for signals.
        Command = ["/bin/sh", "-c", random.Next(4) switch { 0 => "sleep 1000", 1 => "sleep 0.1", 2 => "exit 7", _ => "trap '' TERM; while true; do sleep 0.1; done" }],
        Network = random.Next(3) == 0 ? NetworkMode.Bridge : NetworkMode.None,
        Publish = random.Next(6) == 0 ? [PortMapping.Parse("8080")] : [],
        AutoRemove = random.Next(3) == 0,
    };
}
