using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libnftables;

/// <summary>
/// One libnftables context (libnftables(3)). It acts in the network namespace of the thread that made it.
/// A command text is applied as one transaction: all of it or nothing. Not thread-safe.
/// </summary>
internal sealed unsafe partial class NftContext : IDisposable
{
    private const uint NFT_CTX_OUTPUT_JSON = 1 << 4;
    private nint _context;

    /// <exception cref="LayerImageException"><see cref="EngineError.ToolMissing"/>: the library is not installed.</exception>
    public NftContext()
    {
        try
        {
            _context = nft_ctx_new(0);
        }
        catch (DllNotFoundException inner)
        {
            throw new LayerImageException(EngineError.ToolMissing, "nftables (libnftables.so.1) is not installed on this machine.", inner)
            {
                Target = "nft",
                Advice = "Install it with the system's package manager (Debian: apt-get install nftables), or let ./layerimage do so.",
            };
        }
        _ = nft_ctx_buffer_output(_context);
        _ = nft_ctx_buffer_error(_context);
    }

    /// <summary>Applies commands as one transaction.</summary>
    /// <exception cref="LayerImageException">nftables refused; the message holds its words.</exception>
    public void Run(string commands, EngineError error)
    {
        if (TryRun(commands, out string text))
        {
            return;
        }
        throw new LayerImageException(text.Contains("Operation not permitted", StringComparison.Ordinal) ? EngineError.NotPrivileged : error,
            $"nftables refused: {text.Trim()}")
        { Target = commands };
    }

    /// <summary>Applies commands as one transaction; false and nftables' words when it refused.</summary>
    public bool TryRun(string commands, out string errorText)
    {
        nft_ctx_output_set_flags(_context, 0);
        bool done = nft_run_cmd_from_buffer(_context, commands) == 0;
        _ = Marshal.PtrToStringUTF8(nft_ctx_get_output_buffer(_context));
        errorText = Marshal.PtrToStringUTF8(nft_ctx_get_error_buffer(_context)) ?? "";
        return done;
    }

    /// <summary>Runs a list command and returns its JSON (libnftables-json(5)), or null when the object does not exist.</summary>
    public string? ListJson(string command)
    {
        nft_ctx_output_set_flags(_context, NFT_CTX_OUTPUT_JSON);
        bool done = nft_run_cmd_from_buffer(_context, command) == 0;
        string? output = Marshal.PtrToStringUTF8(nft_ctx_get_output_buffer(_context));
        _ = Marshal.PtrToStringUTF8(nft_ctx_get_error_buffer(_context));
        return done ? output : null;
    }

    /// <summary>Frees the context.</summary>
    public void Dispose()
    {
        if (_context != 0)
        {
            nft_ctx_free(_context);
            _context = 0;
        }
    }

    [LibraryImport("libnftables.so.1")]
    private static partial nint nft_ctx_new(uint flags);

    [LibraryImport("libnftables.so.1")]
    private static partial void nft_ctx_free(nint context);

    [LibraryImport("libnftables.so.1")]
    private static partial int nft_ctx_buffer_output(nint context);

    [LibraryImport("libnftables.so.1")]
    private static partial int nft_ctx_buffer_error(nint context);

    [LibraryImport("libnftables.so.1")]
    private static partial nint nft_ctx_get_output_buffer(nint context);

    [LibraryImport("libnftables.so.1")]
    private static partial nint nft_ctx_get_error_buffer(nint context);

    [LibraryImport("libnftables.so.1")]
    private static partial void nft_ctx_output_set_flags(nint context, uint flags);

    [LibraryImport("libnftables.so.1", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int nft_run_cmd_from_buffer(nint context, string buffer);
}
