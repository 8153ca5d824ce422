using LayerImage.Engine.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Images;

public class UnpackBudgetTests
{
    // 1 GiB is always allowed to a layer, and to all layers of an image together.
    [Fact]
    public void Budget_IsTheImagesToo()
    {
        UnpackBudget budget = new(new UnpackLimits { AlwaysAllowed = 100, Ratio = 2 }, blobBytes: 30);
        Func<int, bool> first = budget.OfLayer(10), second = budget.OfLayer(20);

        Assert.True(first(60));
        Assert.True(second(40));
        Assert.False(second(1));
        Assert.False(new UnpackBudget(new UnpackLimits { AlwaysAllowed = 100, Ratio = 2 }, blobBytes: 1000).OfLayer(10)(101));
        Assert.True(new UnpackBudget(UnpackLimits.None, 1).OfLayer(1)(int.MaxValue));
    }
}
