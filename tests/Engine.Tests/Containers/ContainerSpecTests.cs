using System.Text.Json;
using System.Text.Json.Nodes;
using LayerImage.Engine.Containers;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public sealed class ContainerSpecTests
{
    // What a record said before options had types: all of it, and no member that came later.
    private const string Former = """
        {"Image":"team/app:1","ImageId":"sha256:c","Platform":"linux/amd64","Entrypoint":["/entry"],"Command":["a","b c"],"Environment":["A=1","BARE"],
        "WorkingDirectory":"/srv","User":"web:7","Hostname":"h","Labels":{"k":"v"},"Publish":["127.0.0.1:8081:8080","53:53/udp","8000-8010:80","9000"],
        "ExposedPorts":["8080/tcp"],"Volumes":["/a:/b:ro,rslave","/c:/d"],"OpenHostPort":true,"Network":"none","Terminal":true,"Interactive":true,
        "AutoRemove":true,"ReadOnly":true,"Privileged":true,"CapAdd":["NET_ADMIN"],"CapDrop":["ALL"],"Memory":67108864,"PidsLimit":33,"Cpu":1.5,
        "StopSignal":"SIGINT","StopTimeout":"-00:00:00.0010000"}
        """;

    [Fact]
    public void FormerRecord_IsReadAsItWas()
    {
        ContainerSpec spec = Read(Former);

        Assert.Equal(("team/app:1", "sha256:c", "linux/amd64"), (spec.Image, spec.ImageId, spec.Platform));
        Assert.Equal(["/entry", "a", "b c"], spec.Arguments);
        Assert.Equal(("/srv", "web:7", "h", "v"), (spec.WorkingDirectory, spec.User, spec.Hostname, spec.Labels["k"]));
        Assert.Equal(["127.0.0.1:8081:8080", "53:53/udp", "8000-8010:80", "9000"], spec.Publish.Select(port => port.ToString()));
        Assert.Equal([new VolumeMount("/a", "/b", true, "rslave"), new VolumeMount("/c", "/d", false)], spec.Volumes);
        Assert.Equal(NetworkMode.None, spec.Network);
        Assert.True(spec is { OpenHostPort: true, Terminal: true, Interactive: true, AutoRemove: true, ReadOnly: true, Privileged: true });
        Assert.Equal((64 << 20, 33, 1.5m), (spec.Memory, spec.PidsLimit, spec.Cpu));
        Assert.Equal(("SIGINT", Timeout.InfiniteTimeSpan), (spec.StopSignal, spec.StopTimeout));
    }

    // An older engine on the same store reads what this one writes: what has a type by now is the text that it was.
    [Fact]
    public void Record_IsWrittenAsItWas()
    {
        JsonObject former = JsonNode.Parse(Former)!.AsObject(), written = JsonNode.Parse(Write(Read(Former)))!.AsObject();

        Assert.All(former, member => Assert.True(JsonNode.DeepEquals(member.Value, written[member.Key]), $"{member.Key} is {written[member.Key]?.ToJsonString()}"));
    }

    // The oldest records have no platform, and none has what came after it: no list is null for that.
    [Fact]
    public void MissingMembers_AreAsIfNothingHadBeenAsked()
    {
        JsonObject record = JsonNode.Parse(Former)!.AsObject();
        foreach (string member in (string[])["Platform", "Memory", "PidsLimit", "Cpu"])
        {
            record.Remove(member);
        }

        ContainerSpec spec = Read(record.ToJsonString());

        Assert.True(spec is { Platform: null, Memory: null, PidsLimit: null, Cpu: null });
        Assert.All(typeof(ContainerSpec).GetProperties().Where(property => property.PropertyType.IsGenericType && property.PropertyType.Name.StartsWith("IReadOnly", StringComparison.Ordinal)),
            property => Assert.NotNull(property.GetValue(spec)));
    }

    [Theory]
    [InlineData("Network", "\"everywhere\"")]
    [InlineData("Network", "7")]
    [InlineData("Publish", """["99999:1"]""")]
    [InlineData("Volumes", """["nothing"]""")]
    public void WhatNoRecordSays_IsDamage(string member, string value)
    {
        JsonObject record = JsonNode.Parse(Former)!.AsObject();
        record[member] = JsonNode.Parse(value);

        Assert.IsAssignableFrom<JsonException>(Record.Exception(() => Read(record.ToJsonString())));
    }

    private static ContainerSpec Read(string json) => JsonSerializer.Deserialize(json, ContainerJsonContext.Default.ContainerSpec)!;

    private static string Write(ContainerSpec spec) => JsonSerializer.Serialize(spec, ContainerJsonContext.Default.ContainerSpec);
}
