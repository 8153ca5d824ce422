using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LayerImage.Testing.Host;

namespace LayerImage.Testing.Registry;

/// <summary>A CA of a test's own, which no system trusts, and what it signed: PEM files in a folder.</summary>
public sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset s_from = DateTimeOffset.UtcNow.AddDays(-1), s_to = DateTimeOffset.UtcNow.AddDays(1);
    private readonly TempFolder _folder = new("authority-");
    private readonly X509Certificate2 _authority;

    /// <summary>Makes the CA.</summary>
    public TestAuthority()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _authority = request.CreateSelfSigned(s_from, s_to);
        File.WriteAllText(Certificate, _authority.ExportCertificatePem());
    }

    /// <summary>The CA's certificate.</summary>
    public string Certificate => _folder["ca.crt"];

    /// <summary>Signs a server's certificate for 127.0.0.1, or for another address or name.</summary>
    public (string Certificate, string Key) SignServer(string host = "127.0.0.1") => Sign("server-" + host, "1.3.6.1.5.5.7.3.1", host);

    /// <summary>Signs a client's certificate.</summary>
    public (string Certificate, string Key) SignClient() => Sign("client", "1.3.6.1.5.5.7.3.2", null);

    /// <summary>Removes the files.</summary>
    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    private (string Certificate, string Key) Sign(string name, string usage, string? host)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (host is not null)
        {
            SubjectAlternativeNameBuilder names = new();
            if (IPAddress.TryParse(host, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
            request.CertificateExtensions.Add(names.Build());
        }
        using X509Certificate2 certificate = request.Create(_authority, s_from, s_to, RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(_folder[name + ".cert"], certificate.ExportCertificatePem());
        File.WriteAllText(_folder[name + ".key"], key.ExportPkcs8PrivateKeyPem());
        return (_folder[name + ".cert"], _folder[name + ".key"]);
    }
}
