using System.Text;

namespace LayerImage.Engine.Oci;

/// <summary>The digest of a stack of layers (image-spec, config.md "Layer ChainID").</summary>
public static class ChainId
{
    /// <summary>ChainID(n) = SHA256(ChainID(n-1) + " " + DiffID(n)); that of one layer is its DiffID.</summary>
    /// <returns>One for each layer, the base first.</returns>
    public static IReadOnlyList<Digest> Of(IReadOnlyList<Digest> diffIds)
    {
        List<Digest> chain = new(diffIds.Count);
        foreach (Digest diffId in diffIds)
        {
            chain.Add(chain.Count == 0 ? diffId : Digest.Of(Encoding.ASCII.GetBytes($"{chain[^1]} {diffId}")));
        }
        return chain;
    }
}
