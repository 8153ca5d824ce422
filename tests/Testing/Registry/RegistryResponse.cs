using System.Text;
using System.Text.Json.Nodes;

namespace LayerImage.Testing.Registry;

/// <summary>An answer, before a fault may spoil it.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
/// <param name="ContentType">Its type.</param>
public sealed record RegistryResponse(int Status, byte[] Body, string? ContentType = null)
{
    /// <summary>Further headers.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds a header and returns the same answer.</summary>
    public RegistryResponse With(string name, string value)
    {
        Headers[name] = value;
        return this;
    }

    /// <summary>An answer without a body.</summary>
    public static RegistryResponse Empty(int status) => new(status, []);

    /// <summary>An error in the form of the distribution specification ("Error Codes").</summary>
    public static RegistryResponse Error(int status, string code, string message)
    {
        JsonObject document = new()
        {
            ["errors"] = new JsonArray(new JsonObject { ["code"] = code, ["message"] = message }),
        };
        return new RegistryResponse(status, Encoding.UTF8.GetBytes(document.ToJsonString()), "application/json");
    }
}
