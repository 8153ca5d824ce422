namespace LayerImage.Engine.Store;

/// <summary>The table <c>tag</c>: names of images, canonical (<c>docker.io/library/tomcat:latest</c>).</summary>
internal static class TagTable
{
    private static readonly ImageQuery s_list = new("SELECT image, name FROM tag {0} ORDER BY name", "image");

    /// <summary>All tags, sorted.</summary>
    public static List<string> Names(StoreTransaction transaction) => transaction.Query("SELECT name FROM tag ORDER BY name", row => row.GetString(0));

    /// <summary>The tags of these images, or of all, sorted.</summary>
    public static List<(string Image, string Name)> List(StoreTransaction transaction, NameList? images) =>
        transaction.Query(s_list.Of(images), row => (row.GetString(0), row.GetString(1)), images?.Json ?? "");

    /// <summary>An image's tags, sorted.</summary>
    public static List<string> NamesOf(StoreTransaction transaction, string image) =>
        transaction.Query("SELECT name FROM tag WHERE image = ?1 ORDER BY name", row => row.GetString(0), image);

    /// <summary>The first of an image's tags; null where it has none.</summary>
    public static string? FirstOf(StoreTransaction transaction, string image) =>
        transaction.Scalar<string>("SELECT min(name) FROM tag WHERE image = ?1", image);

    /// <summary>How many tags an image has.</summary>
    public static long CountOf(StoreTransaction transaction, string image) => transaction.Scalar<long>("SELECT count(*) FROM tag WHERE image = ?1", image);

    /// <summary>The image that has a tag, or null.</summary>
    public static string? OwnerOf(StoreTransaction transaction, string name) => transaction.Scalar<string>("SELECT image FROM tag WHERE name = ?1", name);

    /// <summary>The images that have a tag in a repository, each once.</summary>
    public static List<string> OwnersIn(StoreTransaction transaction, string repository) =>
        // ':' + 1 is ';': all names that continue with a colon.
        transaction.Query("SELECT DISTINCT image FROM tag WHERE name > ?1 || ':' AND name < ?1 || ';'", row => row.GetString(0), repository);

    /// <summary>Gives a tag to an image, taking it from another one that may have it.</summary>
    public static void Set(StoreTransaction transaction, string name, string image, DateTimeOffset now) =>
        transaction.Execute("INSERT OR REPLACE INTO tag (name, image, updated) VALUES (?1, ?2, ?3)", name, image, now.ToUnixTimeMilliseconds());

    /// <summary>Takes a tag away, if an image has it; whether it had.</summary>
    public static bool Delete(StoreTransaction transaction, string name, string image) =>
        transaction.Execute("DELETE FROM tag WHERE name = ?1 AND image = ?2", name, image) > 0;
}
