using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class InitProgramTests
{
    [Fact]
    public void FirstThatIsThere_IsTaken()
    {
        Assert.Equal("/proc/self/exe", InitProgram.Find(["/no/such", "/proc/self/exe", "/proc/self/status"]));
        Assert.Null(InitProgram.Find(["/no/such"]));
    }
}
