using LayerImage.Engine.Interop;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

public sealed class LayerNodeTests
{
    [Fact]
    public void Path_IsOfItsParents()
    {
        LayerNode root = Node(null, ""), directory = Node(root, "etc"), file = Node(directory, "hosts");

        Assert.Equal(["", "etc", "etc/hosts"], ((LayerNode[])[root, directory, file]).Select(node => node.Path.ToString()));
    }

    private static LayerNode Node(LayerNode? parent, NativePath name) => new() { Tree = null!, Parent = parent, Name = name, Type = LayerNodeType.Directory };
}
