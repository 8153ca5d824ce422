using System.Security.Cryptography;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Reads the small documents of an archive, bounded and checked.</summary>
internal static class ArchiveDocuments
{
    /// <summary>The bytes of a document.</summary>
    /// <exception cref="Errors.LayerImageException">ManifestInvalid: it is missing or too large.</exception>
    public static byte[] Read(IArchiveFiles files, string archive, string name)
    {
        long size = files.Find(name) ?? throw ArchiveErrors.Invalid(archive, $"it does not have '{name}'");
        if (size > OciJson.LargestDocument)
        {
            throw ArchiveErrors.Invalid(archive, $"'{name}' has {size} bytes, more than {OciJson.LargestDocument}");
        }
        byte[] bytes = new byte[size];
        using Stream stream = files.Open(name);
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length ? bytes : throw ArchiveErrors.Invalid(archive, $"it ends in the middle of '{name}'");
    }

    /// <summary>The bytes of a document that must be what its descriptor says.</summary>
    /// <exception cref="Errors.LayerImageException">ManifestInvalid, SizeMismatch or DigestMismatch.</exception>
    public static byte[] Read(IArchiveFiles files, string archive, string name, Descriptor descriptor)
    {
        byte[] bytes = Read(files, archive, name);
        if (bytes.Length != descriptor.Size)
        {
            throw ArchiveErrors.WrongSize(archive, name, descriptor.Size, bytes.Length);
        }
        using IncrementalHash hash = descriptor.Digest.CreateHash();
        hash.AppendData(bytes);
        byte[] found = hash.GetCurrentHash();
        return descriptor.Digest.Matches(found) ? bytes
            : throw ArchiveErrors.WrongDigest(archive, name, descriptor.Digest.ToString(), $"{descriptor.Digest.Algorithm}:{Convert.ToHexStringLower(found)}");
    }
}
