using System.Text.Json;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using Xunit;

namespace LayerImage.Engine.Tests.Oci;

/// <summary>Changes do what docker's --change does.</summary>
public sealed class ConfigChangeTests
{
    private static readonly ExecutionConfig s_before = new()
    {
        Env = ["PATH=/bin", "HOME=/root"],
        Cmd = ["old"],
        WorkingDir = "/srv",
        Labels = new Dictionary<string, string> { ["a"] = "1" },
        ExposedPorts = new Dictionary<string, EmptyObject> { ["80/tcp"] = new() },
    };

    [Theory]
    [InlineData("CMD [\"a\", \"b c\"]", "a|b c")]
    [InlineData("cmd echo $HOME", "/bin/sh|-c|echo $HOME")]
    [InlineData("CMD [not json", "/bin/sh|-c|[not json")]
    [InlineData("CMD []", "")]
    [InlineData("CMD [\"a\"] b", "/bin/sh|-c|[\"a\"] b")]
    [InlineData("  CMD \t a  b \t", "/bin/sh|-c|a  b")]
    [InlineData("CMD a \\\n  # a comment\n\n  b", "/bin/sh|-c|a   b")]
    [InlineData("# first\nCMD one\n\nCMD two", "/bin/sh|-c|two")]
    public void Cmd_HasExecAndShellForm(string change, string expected) => Assert.Equal(expected, string.Join('|', Apply(change).Cmd!));

    [Fact]
    public void Entrypoint_TakesTheOldCommandAway_UnlessItWasChangedToo()
    {
        Assert.Null(Apply("ENTRYPOINT [\"run\"]").Cmd);
        Assert.Equal(["x"], Apply("CMD [\"x\"]", "ENTRYPOINT [\"run\"]").Cmd!);
        Assert.Null(Apply("CMD []", "ENTRYPOINT [\"run\"]").Cmd);
        Assert.Equal(["x"], Apply("ENTRYPOINT [\"run\"]", "CMD [\"x\"]").Cmd!);
    }

    [Theory]
    [InlineData("ENV A=b", "PATH=/bin|HOME=/root|A=b")]
    [InlineData("ENV A=b C=\"d e\" F='$HOME' G=h\\ i", "PATH=/bin|HOME=/root|A=b|C=d e|F=$HOME|G=h i")]
    [InlineData("ENV A  the whole value", "PATH=/bin|HOME=/root|A=the whole value")]
    [InlineData("ENV PATH=/opt:$PATH", "PATH=/opt:/bin|HOME=/root")]
    [InlineData("ENV A=${HOME}/x B=${NONE:-y} C=${HOME:+z} D=$NONE. E=\\$HOME", "PATH=/bin|HOME=/root|A=/root/x|B=y|C=z|D=.|E=$HOME")]
    [InlineData("ENV PATH=", "PATH=|HOME=/root")]
    [InlineData("ENV A=1 \\\n B=2", "PATH=/bin|HOME=/root|A=1|B=2")]
    [InlineData("ENV A=b\nENV C=$A", "PATH=/bin|HOME=/root|A=b|C=b")]
    [InlineData("ENV A=b C=$A", "PATH=/bin|HOME=/root|A=b|C=")]
    [InlineData("ENV A=\"x \\\" \\$HOME \\n\" B='x \\'", "PATH=/bin|HOME=/root|A=x \" $HOME \\n|B=x \\")]
    [InlineData("ENV A=${NONE:-${HOME}/${NONE:-x}} B=${HOME-y} C=${NONE+z} D=$1$* E=$. F=${HOME:?no}", "PATH=/bin|HOME=/root|A=/root/x|B=/root|C=|D=|E=$.|F=/root")]
    [InlineData("ENV A=${HOME#/} B=${HOME##*o} C=${HOME%t} D=${HOME%%o*} E=${HOME%o*} F=${HOME/o/0} G=${HOME//o/0}", "PATH=/bin|HOME=/root|A=root|B=t|C=/roo|D=/r|E=/ro|F=/r0ot|G=/r00t")]
    public void Env_SetsVariables(string change, string expected) => Assert.Equal(expected, string.Join('|', Apply(change).Env!));

    [Theory]
    [InlineData("EXPOSE 8080", "80/tcp|8080/tcp")]
    [InlineData("EXPOSE ${NONE:-53/udp}", "53/udp|80/tcp")]
    [InlineData("EXPOSE 53/udp 80", "53/udp|80/tcp")]
    [InlineData("EXPOSE 8000-8002/TCP", "80/tcp|8000/tcp|8001/tcp|8002/tcp")]
    public void Expose_AddsPorts(string change, string expected) => Assert.Equal(expected, string.Join('|', Apply(change).ExposedPorts!.Keys));

    [Theory]
    [InlineData("WORKDIR /opt/x", "/opt/x")]
    [InlineData("WORKDIR sub", "/srv/sub")]
    [InlineData("WORKDIR ../../..", "/")]
    [InlineData("WORKDIR $HOME/x", "/root/x")]
    public void Workdir_IsResolved(string change, string expected) => Assert.Equal(expected, Apply(change).WorkingDir);

    [Fact]
    public void OtherInstructions_SetTheirMembers()
    {
        ExecutionConfig after = Apply("LABEL a=2 \"b c\"=\"d\"", "USER web:staff", "VOLUME [\"/data\", \"/x y\"]", "VOLUME /log /tmp", "VOLUME [\"$HOME\"]", "STOPSIGNAL SIGQUIT", "ONBUILD RUN a", "ONBUILD COPY b c");

        Assert.Equal("a=2|b c=d", string.Join('|', after.Labels!.Select(label => $"{label.Key}={label.Value}")));
        Assert.Equal(("web:staff", "SIGQUIT"), (after.User, after.StopSignal));
        Assert.Equal(["/data", "/log", "/root", "/tmp", "/x y"], after.Volumes!.Keys);
        Assert.Contains("\"OnBuild\":[\"RUN a\",\"COPY b c\"]", Json(after), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HEALTHCHECK NONE", "{\"Test\":[\"NONE\"]}")]
    [InlineData("HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD curl -f localhost", "{\"Test\":[\"CMD-SHELL\",\"curl -f localhost\"],\"Interval\":90000000000,\"Timeout\":500000000,\"Retries\":3}")]
    [InlineData("HEALTHCHECK --interval=0 --timeout= CMD true", "{\"Test\":[\"CMD-SHELL\",\"true\"]}")]
    [InlineData("HEALTHCHECK CMD [\"true\"]", "{\"Test\":[\"CMD\",\"true\"]}")]
    public void Healthcheck_IsDockers(string change, string expected) => Assert.Contains($"\"Healthcheck\":{expected}", Json(Apply(change)), StringComparison.Ordinal);

    // Where: the character of the instruction; 0 for none in particular.
    [Theory]
    [InlineData("FROM x", 1)]
    [InlineData("RUN true", 1)]
    [InlineData("CMD", 0)]
    [InlineData("USER", 0)]
    [InlineData("ENTRYPOINT [\"a\", 2]", 12)]
    [InlineData("ENV A", 5)]
    [InlineData("ENV A=b c", 9)]
    [InlineData("ENV A=\"b", 7)]
    [InlineData("EXPOSE 0", 8)]
    [InlineData("EXPOSE 80 70000", 11)]
    [InlineData("EXPOSE 80 0", 11)]
    [InlineData("EXPOSE 80  ${HOME", 12)]
    [InlineData("EXPOSE 9-8", 8)]
    [InlineData("EXPOSE 80/icmp", 8)]
    [InlineData("LABEL a", 7)]
    [InlineData("LABEL a=1  b", 12)]
    [InlineData("USER 'web", 6)]
    [InlineData("VOLUME [\"\"]", 8)]
    [InlineData("STOPSIGNAL  a b", 13)]
    [InlineData("ONBUILD FROM x", 9)]
    [InlineData("HEALTHCHECK --interval=soon CMD x", 13)]
    [InlineData("HEALTHCHECK --retries=3 NONE", 25)]
    [InlineData("HEALTHCHECK --fast=1 CMD x", 13)]
    [InlineData("HEALTHCHECK --retries=1 --retries=1 CMD x", 25)]
    [InlineData("HEALTHCHECK CMD []", 17)]
    [InlineData("CMD [1]", 5)]
    [InlineData("ENV =a", 5)]
    [InlineData("ENV A=${HOME:=x}", 7)]
    [InlineData("ENV A=${HOME", 7)]
    [InlineData("ENV A=${}", 7)]
    [InlineData("ENV A=${NONE:?is needed}", 7)]
    [InlineData("ENV A=${HOME:#x}", 7)]
    [InlineData("WORKDIR $NONE", 9)]
    public void WhatIsNoChange_IsRefused(string change, int at)
    {
        LayerImageException error = Assert.ThrowsAny<LayerImageException>(() => Apply(change));

        Assert.Equal((EngineError.ParameterInvalid, change), (error.Error, (string)error.Target!));
        Assert.True(error.Message.Contains($" at character {at},", StringComparison.Ordinal) || (at == 0 && !error.Message.Contains(" at character ", StringComparison.Ordinal)), error.Message);
    }

    private static ExecutionConfig Apply(params string[] changes) => ConfigChange.Apply(s_before, changes);

    private static string Json(ExecutionConfig config) => JsonSerializer.Serialize(new ImageConfig { Config = config }, OciJson.Wire.ImageConfig);
}
