using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace LayerImage.Testing.Registry;

/// <summary>
/// A registry in process and in memory on a free loopback port: bytes in, bytes out. It follows the OCI distribution
/// specification where a client relies on it, and breaks it where a test says so (<see cref="Add"/>).
/// </summary>
public sealed partial class RegistryServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, byte[]> _blobs = new();
    private readonly ConcurrentDictionary<(string Repository, string Reference), StoredManifest> _manifests = new();
    private readonly ConcurrentDictionary<string, byte[]> _uploads = new();
    private readonly ConcurrentQueue<RegistryRequest> _requests = new();
    private readonly List<PendingFault> _faults = [];
    private readonly Task _accepting;

    /// <summary>Starts to listen.</summary>
    public RegistryServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>"127.0.0.1:port", as it stands in an image reference.</summary>
    public string Host => _listener.LocalEndpoint.ToString()!;

    /// <summary>All requests so far, in the order in which they came.</summary>
    public IReadOnlyList<RegistryRequest> Requests => [.. _requests];

    /// <summary>Who may come in; null: everyone.</summary>
    public RegistryAuthentication? Authentication { get; set; }

    /// <summary>Forgets the requests.</summary>
    public void ClearRequests() => _requests.Clear();

    /// <summary>Misbehave from now on. The first fault that meets a request and is not spent is used.</summary>
    public void Add(RegistryFault fault)
    {
        lock (_faults)
        {
            _faults.Add(new PendingFault(fault));
        }
    }

    /// <summary>Behave again.</summary>
    public void ClearFaults()
    {
        lock (_faults)
        {
            _faults.Clear();
        }
    }

    /// <summary>Stores a blob in a repository and returns its digest.</summary>
    public string PutBlob(string repository, byte[] bytes)
    {
        string digest = DigestOf(bytes);
        PutBlob(repository, digest, bytes);
        return digest;
    }

    /// <summary>Stores bytes under a digest that need not be theirs.</summary>
    public void PutBlob(string repository, string digest, byte[] bytes) => _blobs[BlobKey(repository, digest)] = bytes;

    /// <summary>A blob, or null.</summary>
    public byte[]? FindBlob(string repository, string digest) => _blobs.GetValueOrDefault(BlobKey(repository, digest));

    /// <summary>Takes a blob away.</summary>
    public bool RemoveBlob(string repository, string digest) => _blobs.TryRemove(BlobKey(repository, digest), out _);

    /// <summary>Stores a manifest under its digest and, when given, a tag; returns the digest.</summary>
    public string PutManifest(string repository, string? tag, string mediaType, byte[] bytes)
    {
        string digest = DigestOf(bytes);
        StoredManifest manifest = new(mediaType, bytes, digest);
        _manifests[(repository, digest)] = manifest;
        if (tag is not null)
        {
            _manifests[(repository, tag)] = manifest;
        }
        return digest;
    }

    /// <summary>A manifest by tag or digest, or null.</summary>
    public (string MediaType, byte[] Bytes)? FindManifest(string repository, string reference) =>
        _manifests.GetValueOrDefault((repository, reference)) is { } found ? (found.MediaType, found.Bytes) : null;

    /// <summary>The tags of a repository, sorted.</summary>
    public IReadOnlyList<string> TagsOf(string repository) => [.. _manifests.Keys
        .Where(key => key.Repository == repository && !key.Reference.Contains(':', StringComparison.Ordinal))
        .Select(key => key.Reference)
        .Order(StringComparer.Ordinal)];

    /// <summary>Closes the port and all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    internal static string DigestOf(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static string BlobKey(string repository, string digest) => $"{repository}@{digest}";

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stopping.Token);
                socket.NoDelay = true;
                connections.RemoveAll(task => task.IsCompleted);
                connections.Add(ServeAsync(socket));
            }
        }
        // Stopped while it waited, or just before it would have waited again ("Not listening").
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using HttpConnection connection = new(socket);
        try
        {
            while (await connection.ReadRequestAsync(TakeFault, _stopping.Token) is var (request, fault))
            {
                _requests.Enqueue(request);
                RegistryResponse response = Answer(request);
                if (fault is not null)
                {
                    response = fault.Replace(request, response);
                    await Task.Delay(fault.Delay, _stopping.Token);
                }
                if (!await connection.WriteAsync(request, response, fault, _stopping.Token))
                {
                    return;
                }
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or SocketException)
        {
            // The client went away, or the test is over.
        }
    }

    private RegistryResponse Answer(RegistryRequest request)
    {
        try
        {
            return Authentication?.Check(request, Host) ?? Route(request);
        }
        catch (Exception broken) when (broken is not OutOfMemoryException)
        {
            return new RegistryResponse(500, Encoding.UTF8.GetBytes(broken.ToString()), "text/plain");
        }
    }

    private RegistryFault? TakeFault(RegistryRequest request)
    {
        lock (_faults)
        {
            return _faults.FirstOrDefault(pending => pending.Takes(request))?.Fault;
        }
    }

    private sealed record StoredManifest(string MediaType, byte[] Bytes, string Digest);

    private sealed class PendingFault(RegistryFault fault)
    {
        private int _skip = fault.Skip;
        private int _left = fault.Count;

        public RegistryFault Fault => fault;

        public bool Takes(RegistryRequest request)
        {
            if (_left == 0 || !fault.Meets(request) || _skip-- > 0)
            {
                return false;
            }
            _left--;
            return true;
        }
    }
}
