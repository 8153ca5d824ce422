using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;
using Xunit;

namespace LayerImage.Engine.Tests.Mounts;

/// <summary>What is made of the kernel's answers, for kernels that no test runs on.</summary>
public sealed class OverlayProbeTests
{
    private const int EINVAL = LinuxException.EINVAL, ENODEV = 19;

    [Fact]
    public void KernelThatKnowsWhatItTakes_HasOneByOne() =>
        Assert.Equal(new OverlayProbe(true, null, default), OverlayProbe.Ask(Kernel(option => option == "lowerdir+" ? 0 : EINVAL)));

    // Linux 6.5 and 6.6: a context of overlay's own, without that option.
    [Fact]
    public void KernelThatRefusesTheOption_IsOld() => Assert.Equal(OverlayProbe.Old, OverlayProbe.Ask(Kernel(_ => EINVAL)));

    // Linux 5.2 to 6.4 (Debian 12's is 6.1) take any option, and refuse it when the mount is made.
    [Fact]
    public void KernelThatTakesWhateverItIsGiven_IsOld() => Assert.Equal(OverlayProbe.Old, OverlayProbe.Ask(Kernel(_ => 0)));

    [Fact]
    public void KernelWithoutTheNewCalls_IsOld() => Assert.Equal(OverlayProbe.Old, OverlayProbe.Ask(_ => throw new LinuxException("fsopen", LinuxException.ENOSYS, "overlay")));

    [Theory]
    [InlineData("fsopen", ENODEV, EngineError.NotSupportedByKernel, "load the module")]
    [InlineData("fsopen", LinuxException.EPERM, EngineError.NotPrivileged, "as root")]
    public void KernelThatUnitesNothing_SaysWhy(string call, int errno, EngineError error, string reason)
    {
        OverlayProbe probe = OverlayProbe.Ask(_ => throw new LinuxException(call, errno, "overlay"));

        Assert.Equal((false, error), (probe.HasOneByOne, probe.Error));
        Assert.Contains(reason, probe.Reason, StringComparison.Ordinal);
    }

    private static Action<string> Kernel(Func<string, int> answer) => option =>
    {
        if (answer(option) is int errno and not 0)
        {
            throw new LinuxException($"fsconfig({option})", errno, "/");
        }
    };
}
