using System.Globalization;

namespace LayerImage.Engine.Store;

/// <summary>A statement that looks at all images, or at some: composed once for each.</summary>
/// <param name="sql">The statement, with <c>{0}</c> where its condition stands.</param>
/// <param name="column">The column that has the image's id.</param>
internal sealed class ImageQuery(string sql, string column)
{
    private readonly string _all = string.Format(CultureInfo.InvariantCulture, sql, "");
    private readonly string _some = string.Format(CultureInfo.InvariantCulture, sql, $"WHERE {column} {NameList.In}");

    /// <summary>The statement for these images, whose ids are its parameter; null for all.</summary>
    public string Of(NameList? ids) => ids is null ? _all : _some;
}
