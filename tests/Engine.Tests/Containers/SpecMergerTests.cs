using System.Globalization;
using System.Runtime.CompilerServices;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Network;
using LayerImage.Engine.Oci;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class SpecMergerTests
{
    private const string Id = "0123456789abcdef";

    private static readonly ExecutionConfig s_defaults = new() { Entrypoint = ["/entry"], Cmd = ["default"] };

    private static readonly ContainerRequest s_request = new() { Image = "app" };

    [Theory]
    [InlineData("/entry", "default", null, null, "/entry default")]
    [InlineData("/entry", "default", null, "a b", "/entry a b")] // an entry point's arguments are no shell's
    [InlineData("/entry", "default", "/own", null, "/own")]
    [InlineData("/entry", "default", "/own", "x", "/own x")]
    [InlineData("/entry", "default", "", "x", "x")]
    [InlineData(null, "default", null, null, "default")]
    [InlineData(null, "default", null, "a b", "/bin/sh -c a b")]
    [InlineData("", "default", null, null, "default")]
    public void Command_IsTheUsersOrTheImages(string? imageEntrypoint, string? imageCommand, string? entrypoint, string? command, string arguments)
    {
        ExecutionConfig defaults = new() { Entrypoint = List(imageEntrypoint), Cmd = List(imageCommand) };

        Assert.Equal(arguments, string.Join(' ', Merge(s_request with { Entrypoint = List(entrypoint), Command = List(command) }, defaults).Arguments));
    }

    [Fact]
    public void NothingToRun_IsRefused()
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => Merge(s_request with { Entrypoint = [""] }, s_defaults));

        Assert.Equal((EngineError.ParameterInvalid, "app"), (error.Error, error.Target));
    }

    [Fact]
    public void Environment_LaterWinsInItsFirstPlace()
    {
        Environment.SetEnvironmentVariable("LAYERIMAGE_TEST_MERGE", "here");
        try
        {
            ContainerRequest request = s_request with { Environment = ["B=3", "LAYERIMAGE_TEST_MERGE", "LAYERIMAGE_TEST_NOWHERE", "C="] };

            Assert.Equal(["A=1", "B=3", "BARE", "LAYERIMAGE_TEST_MERGE=here", "C="], Merge(request, s_defaults with { Env = ["A=1", "B=2", "BARE"] }).Environment);
        }
        finally
        {
            Environment.SetEnvironmentVariable("LAYERIMAGE_TEST_MERGE", null);
        }
    }

    [Fact]
    public void WhatTheImageSays_HoldsWhereTheUserSaysNothing()
    {
        ExecutionConfig defaults = s_defaults with { User = "web", WorkingDir = "/srv", StopSignal = "SIGINT", Labels = new Dictionary<string, string> { ["a"] = "1", ["b"] = "1" } };

        ContainerSpec plain = Merge(s_request, defaults), own = Merge(s_request with { User = "", WorkingDirectory = "/", StopSignal = "9", Labels = new Dictionary<string, string> { ["b"] = "2" } }, defaults);

        Assert.Equal(("web", "/srv", "SIGINT", "1"), (plain.User, plain.WorkingDirectory, plain.StopSignal, plain.Labels["b"]));
        Assert.Equal(("", "/", "9", "2"), (own.User, own.WorkingDirectory, own.StopSignal, own.Labels["b"]));
        Assert.Equal("1", own.Labels["a"]);
    }

    [Fact]
    public void WhatNobodySays_IsDockers()
    {
        ContainerSpec spec = Merge(s_request, s_defaults);

        Assert.Equal(("", "", "0123456789ab", "SIGTERM", TimeSpan.FromSeconds(10)), (spec.User, spec.WorkingDirectory, spec.Hostname, spec.StopSignal, spec.StopTimeout));
        Assert.Equal("SIGTERM", Merge(s_request, s_defaults with { StopSignal = "SIGNONE" }).StopSignal);
        Assert.Equal(Environment.MachineName, Merge(s_request with { Network = NetworkMode.Host }, s_defaults).Hostname);
    }

    [Fact]
    public void PublishAll_AddsWhatIsExposedAndNotPublished()
    {
        ExecutionConfig defaults = s_defaults with { ExposedPorts = new[] { "8080", "53/UDP", "9001/tcp" }.ToDictionary(port => port, _ => new EmptyObject()) };
        ContainerRequest request = s_request with { Publish = [PortMapping.Parse("9000-9002:9000-9002")], PublishAll = true };

        Assert.Equal(["9000-9002:9000-9002", "53/udp", "8080"], Merge(request, defaults).Publish.Select(port => port.ToString()));
        Assert.Equal(["53/udp", "8080/tcp", "9001/tcp"], Merge(s_request, defaults).ExposedPorts);
        Assert.Equal(EngineError.PortInvalid, Assert.Throws<LayerImageException>(() => Merge(s_request with { PublishAll = true, Network = NetworkMode.None }, defaults)).Error);
    }

    // Nobody has to remember an option in the merge that an image has no say in.
    [Fact]
    public void OtherOptions_AreTakenAsTheyAre()
    {
        string[] merged = ["Entrypoint", "Command", "Environment", "WorkingDirectory", "User", "Hostname", "Labels", "Publish", "StopSignal"];
        Assert.All(typeof(ContainerOptions).GetProperties().Where(option => option.CanWrite && !merged.Contains(option.Name)), option =>
        {
            object asked = Something(option.PropertyType);
            ContainerRequest request = s_request with { };
            option.SetValue(request, asked);

            Assert.NotEqual(asked, option.GetValue(Merge(s_request, s_defaults)));
            Assert.Equal(asked, option.GetValue(Merge(request, s_defaults)));
        });
    }

    [Theory]
    [InlineData(0, -1)]
    [InlineData(0, 0)]
    public void NoLimit_IsNone(long memory, long pids) => Assert.True(Merge(s_request with { Memory = memory, PidsLimit = pids }, s_defaults) is { Memory: null, PidsLimit: null });

    [Theory]
    [InlineData("app", "team/app:1", "team/app:1")] // the beginning of an id, say
    [InlineData("team/app:1", "team/app:1", "team/app:1")]
    [InlineData("team/app", "team/app:latest", "team/app:latest")]
    public void Image_HasTheNameThatItHas(string given, string tag, string name) =>
        Assert.Equal(name, SpecMerger.Merge(s_request with { Image = given }, Make(s_defaults) with { Tags = [tag] }, Id).Image);

    private static ContainerSpec Merge(ContainerRequest request, ExecutionConfig defaults) => SpecMerger.Merge(request, Make(defaults), Id);

    private static Image Make(ExecutionConfig defaults) => new() { Id = "sha256:" + new string('a', 64), Platform = "linux/amd64", Config = new ImageConfig { Config = defaults } };

    // A value that nothing has by itself.
    private static object Something(Type type) => type switch
    {
        _ when type == typeof(bool) => true,
        _ when type == typeof(string) => "x",
        _ when type == typeof(TimeSpan?) => TimeSpan.FromSeconds(3),
        _ when Nullable.GetUnderlyingType(type) is Type number => Convert.ChangeType(3, number, CultureInfo.InvariantCulture),
        { IsGenericType: true } when type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) => Array.CreateInstance(type.GenericTypeArguments[0], 1),
        _ => RuntimeHelpers.GetUninitializedObject(type),
    };

    private static string[]? List(string? text) => text is null ? null : [text];
}
