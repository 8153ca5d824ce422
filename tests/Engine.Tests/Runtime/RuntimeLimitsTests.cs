using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class RuntimeLimitsTests
{
    // The second and fourth columns of /proc/self/limits are the soft and the hard limit.
    [Theory]
    [InlineData(false, 1048576ul, 524288ul, 20000ul)]
    [InlineData(true, 1048576ul, 1048576ul, 1048576ul)]
    [InlineData(true, 600000ul, 600000ul, 1048576ul)]
    public void Limits_AreFixedAndNoMoreThanCanBeGiven(bool mayRaise, ulong mostFiles, ulong files, ulong processes)
    {
        const string Own = """
            Limit                     Soft Limit           Hard Limit           Units
            Max cpu time              10                   unlimited            seconds
            Max stack size            1024                 unlimited            bytes
            Max core file size        0                    unlimited            bytes
            Max processes             100                  20000                processes
            Max open files            1024                 524288               files
            Max realtime priority     99                   99

            """;

        IReadOnlyList<SpecLimit> limits = RuntimeLimits.Compose(Own, mayRaise, mostFiles);

        Assert.Equal(
        [
            new SpecLimit("RLIMIT_NOFILE", files, files), new SpecLimit("RLIMIT_NPROC", processes, processes), new SpecLimit("RLIMIT_CORE", ulong.MaxValue, ulong.MaxValue),
            new SpecLimit("RLIMIT_CPU", ulong.MaxValue, ulong.MaxValue), new SpecLimit("RLIMIT_STACK", ulong.MaxValue, 8 << 20), new SpecLimit("RLIMIT_RTPRIO", 0, 0),
        ], limits);
    }
}
