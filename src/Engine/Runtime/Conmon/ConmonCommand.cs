namespace LayerImage.Engine.Runtime;

/// <summary>Composes conmon's command line (conmon(8), 2.1.6 and later). Pure.</summary>
internal static class ConmonCommand
{
    public static IReadOnlyList<string> Compose(ConmonOptions options)
    {
        List<string> arguments =
        [
            options.ConmonPath,
            "--api-version", "1",
            "--cid", options.Id,
            "--cuuid", options.Id,
            "--name", options.Name,
            "--runtime", options.RuntimePath,
            "--runtime-arg", "--root=" + options.RuntimeRoot,
            "--bundle", options.Bundle,
            "--container-pidfile", Path.Combine(options.Bundle, "pid"),
            "--conmon-pidfile", Path.Combine(options.Bundle, "conmon.pid"),
            "--exit-dir", options.ExitDirectory,
            "--persist-dir", options.Bundle,
            "--full-attach",
            "--log-path", "k8s-file:" + options.LogPath,
            "--log-level", "warning",
            // An fsync of the log at the container's end can take a second on a busy disk, and the release waits for it.
            "--no-sync-log",
        ];
        AddWhen(options.Terminal, "--terminal");
        AddWhen(options.StandardInput, "--stdin");
        AddWhen(options.LeaveStandardInputOpen, "--leave-stdin-open");
        for (int i = 0; i < options.ExitCommand.Count; i++)
        {
            arguments.Add(i == 0 ? "--exit-command" : "--exit-command-arg");
            arguments.Add(options.ExitCommand[i]);
        }
        return arguments;

        void AddWhen(bool condition, string argument)
        {
            if (condition)
            {
                arguments.Add(argument);
            }
        }
    }
}
