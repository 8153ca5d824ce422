namespace LayerImage.Engine.Store;

/// <summary>Something that needs a layer, a blob or an image.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">Its key.</param>
/// <param name="Name">What users call it.</param>
/// <param name="Standing">What it does now that stands on what it needs; null for one at rest: see <see cref="StoreKind.Standing"/>.</param>
internal sealed record StoreUser(StoreKind Kind, string Id, string Name, string? Standing);
