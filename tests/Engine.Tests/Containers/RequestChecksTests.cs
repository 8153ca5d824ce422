using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class RequestChecksTests
{
    private static readonly ContainerRequest s_request = new() { Image = "app" };

    // A request that cannot be fulfilled, and what is told of it.
    public static TheoryData<Func<ContainerRequest, ContainerRequest>, EngineError, string> Refused { get; } = new()
    {
        { request => request with { Name = "-x" }, EngineError.NameInvalid, "-x" },
        { request => request with { Cpu = 0 }, EngineError.ParameterInvalid, "0 processors" },
        { request => request with { Cpu = 100_000 }, EngineError.ParameterInvalid, "100000 processors" },
        { request => request with { Memory = 1 }, EngineError.ParameterInvalid, "1 bytes of memory" },
        { request => request with { Memory = -1 }, EngineError.ParameterInvalid, "-1 bytes of memory" },
        { request => request with { PidsLimit = -2 }, EngineError.ParameterInvalid, "-2 is no limit" },
        { request => request with { WorkingDirectory = "srv" }, EngineError.ParameterInvalid, "'srv' is not absolute" },
        { request => request with { Hostname = "a b" }, EngineError.ParameterInvalid, "'a b' is no host name" },
        { request => request with { Hostname = new string('a', 64) }, EngineError.ParameterInvalid, "is no host name" },
        { request => request with { Publish = [PortMapping.Parse("80")], Network = NetworkMode.Host }, EngineError.PortInvalid, "not from 'host'" },
        { request => request with { Sysctls = [new("net.core.somaxconn", "1")], Network = NetworkMode.Host }, EngineError.ParameterInvalid, "is the host's" },
        { request => request with { Environment = ["=x"] }, EngineError.ParameterInvalid, "'=x'" },
        { request => request with { CapAdd = ["FLY"] }, EngineError.ParameterInvalid, "'FLY'" },
        { request => request with { StopSignal = "SIGNONE" }, EngineError.ParameterInvalid, "'SIGNONE'" },
        { request => request with { Volumes = [VolumeMount.Parse("/no/such:/data")] }, EngineError.VolumeInvalid, "the host has no '/no/such'" },
        { request => request with { Volumes = [VolumeMount.Parse("/:/proc")] }, EngineError.VolumeInvalid, "/proc is the container's own" },
        { request => request with { Volumes = [VolumeMount.Parse("/:/x"), VolumeMount.Parse("/tmp:/x/")] }, EngineError.ParameterInvalid, "Two volumes" },
        { request => request with { Volumes = [VolumeMount.Parse("/:/x")], Tmpfs = [TmpfsMount.Parse("/x")] }, EngineError.ParameterInvalid, "Two volumes" },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void WhatCannotBe_IsRefused(Func<ContainerRequest, ContainerRequest> change, EngineError error, string told)
    {
        LayerImageException refused = Assert.Throws<LayerImageException>(() => RequestChecks.Run(change(s_request)));

        Assert.Equal(error, refused.Error);
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.NotNull(refused.Advice);
    }

    [Fact]
    public void WhatCanBe_IsTaken() => RequestChecks.Run(s_request with
    {
        Name = "web",
        Cpu = 0.01m,
        Memory = 6 << 20,
        PidsLimit = -1,
        WorkingDirectory = "",
        Hostname = "web-1.example",
        Publish = [PortMapping.Parse("80")],
        Environment = ["A=1", "B"],
        CapAdd = ["net_admin", "ALL"],
        StopSignal = "RTMIN+3",
        Volumes = [VolumeMount.Parse("/:/host"), VolumeMount.Parse("/tmp:/tmp:ro")],
    });
}
