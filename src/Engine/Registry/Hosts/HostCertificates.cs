using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Registry.Hosts;

/// <summary>
/// The certificates of one registry, as docker's and podman's certs.d folders have them: each *.crt is a CA to trust
/// besides the system's, each *.cert with the *.key of the same name a client certificate.
/// </summary>
internal sealed class HostCertificates
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private readonly X509Certificate2Collection _authorities = [];
    private readonly X509Certificate2Collection _clients = [];

    private HostCertificates()
    {
    }

    /// <summary>The first of the folders that has something for the registry, or null.</summary>
    public static string? FindFolder(IEnumerable<string> folders, string registry)
    {
        // Windows has no colon in names; docker leaves it out there.
        string name = OperatingSystem.IsWindows() ? registry.Replace(":", "", StringComparison.Ordinal) : registry;
        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(Directory.Exists);
    }

    /// <summary>Loads a registry's folder; null: it has none.</summary>
    /// <exception cref="LayerImageException">RegistryConfigurationInvalid: a file is no certificate, or a key is missing.</exception>
    public static HostCertificates Load(string? folder)
    {
        HostCertificates certificates = new();
        IEnumerable<string> files = folder is null ? [] : Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal);
        foreach (string file in files)
        {
            try
            {
                certificates.Add(file);
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw new LayerImageException(EngineError.RegistryConfigurationInvalid, $"{file} cannot be used: {e.Message}", e)
                {
                    Target = file,
                    Advice = "A *.crt file is a CA's certificate in PEM form; a *.cert file is a client's and has its private key in a *.key file beside it.",
                };
            }
        }
        return certificates;
    }

    /// <summary>Makes a handler's TLS use them; the client's certificate and the waiver are for the registry's own host.</summary>
    public void Apply(SslClientAuthenticationOptions tls, string host, bool isInsecure)
    {
        if (_clients.Count > 0)
        {
            tls.LocalCertificateSelectionCallback = (_, target, _, _, _) => IsSame(target, host) ? _clients[0] : null!;
        }
        if (_authorities.Count > 0 || isInsecure)
        {
            tls.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => errors == SslPolicyErrors.None
                || (isInsecure && IsSame((sender as SslStream)?.TargetHostName, host))
                || (errors == SslPolicyErrors.RemoteCertificateChainErrors && certificate is X509Certificate2 server && IsTrusted(server, chain));
        }
    }

    private static bool IsSame(string? target, string host) => string.Equals(target, host, StringComparison.OrdinalIgnoreCase);

    private bool IsTrusted(X509Certificate2 server, X509Chain? presented)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (presented is not null)
        {
            // What the server sent besides its own: the CAs between.
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        }
        return chain.Build(server);
    }

    private void Add(string file)
    {
        switch (Path.GetExtension(file))
        {
            case ".crt":
                _authorities.ImportFromPemFile(file);
                break;
            case ".cert":
                using (X509Certificate2 client = X509Certificate2.CreateFromPemFile(file, Path.ChangeExtension(file, ".key")))
                {
                    // Windows' TLS cannot use a key that is in memory only.
                    _clients.Add(X509CertificateLoader.LoadPkcs12(client.Export(X509ContentType.Pkcs12), null));
                }
                break;
            case ".key" when !File.Exists(Path.ChangeExtension(file, ".cert")):
                throw new IOException("its certificate, a *.cert file of the same name, is missing");
        }
    }
}
