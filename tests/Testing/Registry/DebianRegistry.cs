using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using LayerImage.Testing.Host;

namespace LayerImage.Testing.Registry;

/// <summary>A real registry: Debian's docker-registry on a free loopback port, in the network namespace of this process.</summary>
public sealed class DebianRegistry : IAsyncDisposable
{
    private readonly TempFolder _folder = new("registry-");
    private readonly Process _process;
    private readonly DebianRegistryOptions _options;

    private DebianRegistry(int port, DebianRegistryOptions options)
    {
        Host = $"127.0.0.1:{port}";
        _options = options;
        File.WriteAllText(_folder["users"], options.Users ?? "");
        string auth = options.Users is null ? "" : $"auth: {{ htpasswd: {{ realm: test, path: {_folder["users"]} }} }}";
        string clients = options.ClientAuthority is null ? "" : $", clientcas: [ {options.ClientAuthority} ]";
        string tls = options.Certificate is null ? "" : $"tls: {{ certificate: {options.Certificate}, key: {options.Key}{clients} }}";
        File.WriteAllText(_folder["config.yml"], $$"""
            version: 0.1
            log: { level: warn }
            storage:
              filesystem: { rootdirectory: {{_folder["data"]}} }
              delete: { enabled: true }
            {{auth}}
            http:
              addr: {{Host}}
              {{tls}}
            """);
        ProcessStartInfo start = new("sh", ["-c", "exec docker-registry serve \"$1\" >\"$2\" 2>&1", "sh", _folder["config.yml"], _folder["log"]])
        {
            RedirectStandardInput = true,
        };
        // Its settings can be given as REGISTRY_…, and podman's name for its log-in file reads as one of them.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("REGISTRY_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }
        _process = Process.Start(start)!;
    }

    /// <summary>Null when it can run here, else the reason.</summary>
    public static string? Missing => Requires.Tool("docker-registry");

    /// <summary>"127.0.0.1:port", as it stands in an image reference.</summary>
    public string Host { get; }

    /// <summary>Its storage, to look at what is on its disk.</summary>
    public string DataFolder => _folder["data"];

    /// <summary>Starts it and waits until it answers.</summary>
    public static Task<DebianRegistry> StartAsync(CancellationToken cancellationToken) => StartAsync(new DebianRegistryOptions(), cancellationToken);

    /// <summary>Starts it with log-ins or TLS and waits until it answers.</summary>
    public static async Task<DebianRegistry> StartAsync(DebianRegistryOptions options, CancellationToken cancellationToken)
    {
        DebianRegistry registry = new(FreePort(), options);
        try
        {
            await registry.WaitUntilReadyAsync(cancellationToken);
            return registry;
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops it and removes what it stored.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using HttpClient client = new(new SocketsHttpHandler { UseProxy = false });
        for (int attempt = 0; attempt < 200; attempt++)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"docker-registry ended: {await File.ReadAllTextAsync(_folder["log"], cancellationToken)}");
            }
            try
            {
                // With TLS it answers so much in plain words.
                using HttpResponseMessage response = await client.GetAsync($"http://{Host}/v2/", cancellationToken);
                if (response.StatusCode == (_options.Certificate is not null ? HttpStatusCode.BadRequest : _options.Users is not null ? HttpStatusCode.Unauthorized : HttpStatusCode.OK))
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
            await Task.Delay(50, cancellationToken);
        }
        throw new InvalidOperationException("docker-registry did not answer within 10 seconds.");
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
