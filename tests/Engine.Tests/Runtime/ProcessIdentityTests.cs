using LayerImage.Engine.IO;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void ProcessIdentity_IsReadPastAnyName()
    {
        string tail = " S 1 2 3 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1";

        Assert.Equal(98765, HostProcess.ParseStartTime("7 (a) b (c))" + tail));
        Assert.Null(HostProcess.ParseStartTime("7 (x)" + tail.Replace(" S ", " Z ", StringComparison.Ordinal)));
        Assert.True(ProcessIdentity.Of(Environment.ProcessId)!.Value.IsAlive);
    }
}
