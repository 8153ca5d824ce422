using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Processes;

/// <summary>
/// nft(8): applies commands as one transaction, all of it or nothing, in the calling thread's network namespace.
/// As a program and not as its library: libnftables waits with select(2), which ends a process that has 1,024 files
/// open, and calls exit(3) when the kernel or the memory fails it. A call is 6 ms; published ports, which come and go
/// with every container, are set by messages of our own instead (<see cref="Interop.Netlink.NftMessages"/>).
/// </summary>
internal sealed class NftProgram
{
    private readonly string _path = ToolLocator.Get("nft", "nftables");

    /// <summary>Has nft apply commands in one transaction.</summary>
    /// <exception cref="LayerImageException">nftables refused; the message holds its words.</exception>
    public void Run(string commands, EngineError error)
    {
        ProcessResult result = IsolatedProcess.Run([_path, "-f", "-"], commands);
        if (result.ExitCode != 0)
        {
            throw Refused(result, commands, error);
        }
    }

    /// <summary>What a list command tells, as JSON (libnftables-json(5)).</summary>
    /// <exception cref="LayerImageException">nftables refused; the message holds its words.</exception>
    public string List(string command, EngineError error) => List("--json", command, error);

    /// <summary>The same as text without counters (nft(8)): there matches of iptables are in nft's words, where JSON has their names alone.</summary>
    /// <exception cref="LayerImageException">nftables refused; the message holds its words.</exception>
    public string Text(string command, EngineError error) => List("--stateless", command, error);

    private string List(string form, string command, EngineError error)
    {
        ProcessResult result = IsolatedProcess.Run([_path, form, "list", .. command.Split(' ')]);
        return result.ExitCode == 0 ? result.Output : throw Refused(result, command, error);
    }

    private static LayerImageException Refused(ProcessResult result, string commands, EngineError error)
    {
        string words = result.Error.Trim();
        return new LayerImageException(words.Contains("Operation not permitted", StringComparison.Ordinal) ? EngineError.NotPrivileged : error,
            words.Length > 0 ? $"nftables refused: {words}" : $"nft ended with exit code {result.ExitCode}.")
        { Target = commands };
    }
}
