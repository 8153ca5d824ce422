using System.Text.Json.Serialization;

namespace LayerImage.Engine.Store;

/// <summary>JSON inside the store's records.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class StoreJsonContext : JsonSerializerContext;
