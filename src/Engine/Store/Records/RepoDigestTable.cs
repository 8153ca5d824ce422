using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Store;

/// <summary>The table <c>repo_digest</c>: under which digests repositories have images (<c>docker.io/library/tomcat@sha256:…</c>).</summary>
internal static class RepoDigestTable
{
    /// <summary>The digest in a name, as the table's index has it.</summary>
    public const string DigestInName = "substr(name, instr(name, '@') + 1)";

    private static readonly ImageQuery s_list = new("SELECT image, name FROM repo_digest {0} ORDER BY name", "image");

    /// <summary>The names of these images, or of all, sorted.</summary>
    public static List<(string Image, string Name)> List(StoreTransaction transaction, NameList? images) =>
        transaction.Query(s_list.Of(images), row => (row.GetString(0), row.GetString(1)), images?.Json ?? "");

    /// <summary>An image's names, sorted.</summary>
    public static List<string> NamesOf(StoreTransaction transaction, string image) =>
        transaction.Query("SELECT name FROM repo_digest WHERE image = ?1 ORDER BY name", row => row.GetString(0), image);

    /// <summary>The names of the images that have a blob as a layer or as their configuration, sorted.</summary>
    public static List<string> NamesOfImagesWith(StoreTransaction transaction, Digest blob) => transaction.Query(
        "SELECT name FROM repo_digest WHERE image IN (SELECT image FROM image_layer WHERE blob = ?1 UNION SELECT id FROM image WHERE id = ?1) ORDER BY name",
        row => row.GetString(0), blob.ToString());

    /// <summary>The image that a repository has under a digest, or null.</summary>
    public static string? OwnerOf(StoreTransaction transaction, string name) =>
        transaction.Scalar<string>("SELECT image FROM repo_digest WHERE name = ?1", name);

    /// <summary>Whether any repository has an image under a digest.</summary>
    public static bool HasDigest(StoreTransaction transaction, Digest digest) =>
        transaction.Scalar<long>($"SELECT count(*) FROM repo_digest WHERE {DigestInName} = ?1", digest.ToString()) > 0;

    /// <summary>Records that a repository has an image under a digest, if the image is still here.</summary>
    public static void Record(StoreTransaction transaction, string name, string image) =>
        transaction.Execute("INSERT OR REPLACE INTO repo_digest (name, image) SELECT ?1, id FROM image WHERE id = ?2", name, image);
}
