using System.Text;
using System.Text.Json;
using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using Xunit;

namespace LayerImage.Engine.Tests.Commit;

public sealed class CommittedConfigTests
{
    private const string Base = """
        {
          "created": "2019-01-01T00:00:00Z", "author": "base author", "architecture": "amd64", "os": "linux", "future": {"a": [1, null]},
          "container": "old", "container_config": {},
          "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"], "Labels": {"z": "1", "a": "2"}, "Future": true, "Healthcheck": {"Test": ["NONE"], "New": 1}, "Volumes": {"/vol": {}}},
          "rootfs": {"type": "layers", "diff_ids": ["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], "future": 3},
          "history": [{"created": "2019-01-01T00:00:00Z", "created_by": "base", "future": "kept"}]
        }
        """;

    private static readonly DateTimeOffset s_time = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);
    private static readonly Digest s_below = Digest.Parse("sha256:" + new string('a', 64)), s_layer = Digest.Parse("sha256:" + new string('b', 64));

    private static readonly ContainerSpec s_spec = new()
    {
        Image = "team/base:1",
        ImageId = "sha256:" + new string('c', 64),
        Hostname = "h",
        Entrypoint = ["/entry"],
        Command = ["a", "b c"],
        Environment = ["PATH=/bin", "X=y"],
        Labels = new Dictionary<string, string> { ["z"] = "1", ["own"] = "3", ["a"] = "2" },
        ExposedPorts = ["80/tcp"],
        Publish = [PortMapping.Parse("127.0.0.1:9000-9001:8000-8001"), PortMapping.Parse("53:53/udp")],
        WorkingDirectory = "/srv",
        User = "web",
        StopSignal = "SIGINT",
    };

    // The bytes are what makes images equal on all machines: whoever changes this number changes every image id.
    [Fact]
    public void SameValues_MakeTheSameBytesAnywhere()
    {
        CommitOptions options = new() { Author = "zyp", Message = "say \"hi\" <&> ü", Changes = ["LABEL b=c", "ENV E=$X"], Provenance = true };

        Assert.Equal("sha256:024ca1ed157f59f23c7c8d47c8672892fafadff7307faa8592adf245216bb371", Digest.Of(Bytes(Make(options))).ToString());
    }

    [Fact]
    public void UnknownMembers_AreKeptAtEveryLevel()
    {
        string text = Encoding.UTF8.GetString(Bytes(Make(new CommitOptions())));

        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        Assert.Equal("""{"a":[1,null]}""", root.GetProperty("future").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.True(root.GetProperty("config").GetProperty("Future").GetBoolean());
        Assert.Equal(1, root.GetProperty("config").GetProperty("Healthcheck").GetProperty("New").GetInt32());
        Assert.True(root.GetProperty("config").GetProperty("Volumes").TryGetProperty("/vol", out _));
        Assert.Equal(3, root.GetProperty("rootfs").GetProperty("future").GetInt32());
        Assert.Equal("kept", root.GetProperty("history")[0].GetProperty("future").GetString());
        Assert.False(root.TryGetProperty("container", out _));
        Assert.False(root.TryGetProperty("container_config", out _));
    }

    [Fact]
    public void ContainersSettings_ReplaceTheDefaults()
    {
        ImageConfig image = Make(new CommitOptions());
        ExecutionConfig config = image.Config!;

        Assert.Equal(["53/udp", "80/tcp", "8000/tcp", "8001/tcp"], config.ExposedPorts!.Keys);
        Assert.Equal(["a", "own", "z"], config.Labels!.Keys);
        Assert.Equal(("web", "/srv", "SIGINT"), (config.User, config.WorkingDir, config.StopSignal));
        Assert.Equal((["/entry"], ["a", "b c"], ["PATH=/bin", "X=y"]), (config.Entrypoint!, config.Cmd!, config.Env!), Equal);
        Assert.Equal(("base author", s_time), (image.Author, image.Created));
        HistoryEntry entry = image.History![^1];
        // As docker: the command without the entry point.
        Assert.Equal(("a b c", "base author", null, null, s_time), (entry.CreatedBy, entry.Author, entry.Comment, entry.EmptyLayer, entry.Created));
        Assert.Equal([s_below, s_layer], image.Rootfs!.DiffIds);

        static bool Equal((IReadOnlyList<string>, IReadOnlyList<string>, IReadOnlyList<string>) a, (IReadOnlyList<string>, IReadOnlyList<string>, IReadOnlyList<string>) b) =>
            a.Item1.SequenceEqual(b.Item1) && a.Item2.SequenceEqual(b.Item2) && a.Item3.SequenceEqual(b.Item3);
    }

    [Fact]
    public void Provenance_IsInHistoryLabelsAndAnnotations_AndEndsWithTheNextCommit()
    {
        ImageConfig first = Make(new CommitOptions { Provenance = true, Message = "first", Changes = ["ENV A=b"] });

        CommitProvenance said = CommitProvenance.Read(first.History![^1])!;
        Assert.Equal(("web1", "docker.io/team/base:1", s_spec.ImageId, "ENV A=b"), (said.Container, said.Image, said.ImageId, said.Changes.Single()));
        Assert.Equal("web1", first.Config!.Labels![CommitProvenance.Prefix + "container"]);
        Assert.Equal("docker.io/team/base:1", CommitProvenance.Annotations(first)!["org.opencontainers.image.base.name"]);
        Assert.Equal(("first", "base author", "2024-05-06T07:08:09+00:00"), (CommitProvenance.Annotations(first)![CommitProvenance.Prefix + "message"],
            CommitProvenance.Annotations(first)!["org.opencontainers.image.authors"], CommitProvenance.Annotations(first)!["org.opencontainers.image.created"]));

        // A container of that image has its labels; they are not true of the next image.
        ImageConfig again = ManifestParser.ParseConfig(Bytes(first), 2, "test");
        ContainerRecord container = Record(s_spec with { Labels = again.Config!.Labels! });
        ImageConfig second = CommittedConfig.Make(new CommitSource(again, again.Rootfs!.DiffIds, container, null), null, new CommitOptions(), s_time);

        Assert.Equal(["a", "own", "z"], second.Config!.Labels!.Keys);
        Assert.Null(CommitProvenance.Annotations(second));
        Assert.Equal("web1", CommitProvenance.Read(second.History![^2])!.Container);
        Assert.Null(CommitProvenance.Read(second.History![^1]));
        Assert.True(second.History![^1].EmptyLayer);
    }

    [Theory]
    [InlineData("STOPSIGNAL SIGNOTHING", "SIGNOTHING")]
    [InlineData("ENV A=\"b", "character 7")]
    [InlineData("ENV A=b\nEXPOSE 80 http", "line 2")]
    public void BadChange_PointsAtThePlace(string change, string place)
    {
        LayerImageException error = Assert.ThrowsAny<LayerImageException>(() => ContainerCommitter.Check(Record(s_spec), new CommitOptions { Changes = [change] }));

        Assert.Equal((EngineError.ParameterInvalid, change), (error.Error, (string)error.Target!));
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web", "web:latest")]
    [InlineData("My_App.1", "my_app.1:latest")]
    [InlineData("a..b", "a-b:latest")]
    [InlineData("a___b--c-._", "a-b--c:latest")]
    [InlineData("a.-b", "a-b:latest")]
    public void NameOfTheImage_IsAReference(string container, string reference)
    {
        Assert.Equal(reference, CommitName.Of(container));
        Assert.Equal(reference, ImageReference.Parse(reference).Familiar);
    }

    private static ImageConfig Make(CommitOptions options) =>
        CommittedConfig.Make(new CommitSource(ManifestParser.ParseConfig(Encoding.UTF8.GetBytes(Base), 1, "test"), [s_below], Record(s_spec), null), s_layer, options, s_time);

    private static ContainerRecord Record(ContainerSpec spec) => new() { Id = new string('d', 64), Name = "web1", CreatedAt = s_time, Spec = spec, State = ContainerState.Exited };

    private static byte[] Bytes(ImageConfig config) => JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Wire.ImageConfig);
}
