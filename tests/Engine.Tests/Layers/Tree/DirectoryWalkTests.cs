using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>The open directories of a walk: in order, and closed however it ends.</summary>
public class DirectoryWalkTests
{
    [Fact]
    public void Names_ComeDepthFirstAndLevelsAreLeftInnermostFirst()
    {
        List<string> seen = [];
        Handle outer = new("outer"), inner = new("inner");
        using DirectoryWalk<Level, string> levels = new(level => seen.Add($"leave {level.Name} open {!level.Directory.IsClosed}"));
        levels.Enter(outer, directory => new Level(directory, ["a", "b"]));

        while (levels.TryNext(out Level? level, out string? name))
        {
            seen.Add($"{level.Name}/{name}");
            if (name == "a")
            {
                levels.Enter(inner, directory => new Level(directory, ["c"]));
            }
        }

        Assert.Equal(["outer/a", "inner/c", "leave inner open True", "outer/b", "leave outer open True"], seen);
        Assert.True(outer.IsClosed && inner.IsClosed);
    }

    [Fact]
    public void Failure_ClosesAllAndLeavesNone()
    {
        Handle outer = new("outer"), inner = new("inner"), failing = new("failing");
        DirectoryWalk<Level, string> levels = new(_ => Assert.Fail("It was not left."));
        levels.Enter(outer, directory => new Level(directory, ["a"]));
        levels.Enter(inner, directory => new Level(directory, []));

        Assert.Throws<IOException>(() => levels.Enter(failing, Level (_) => throw new IOException()));
        Assert.Equal((false, false, true), (outer.IsClosed, inner.IsClosed, failing.IsClosed));
        levels.Dispose();

        Assert.True(outer.IsClosed && inner.IsClosed);
    }

    private sealed class Handle(string name) : IDisposable
    {
        public string Name => name;

        public bool IsClosed { get; private set; }

        public void Dispose() => IsClosed = true;
    }

    private sealed class Level(Handle directory, string[] names) : OpenLevel<string>(names, directory)
    {
        public Handle Directory => directory;

        public string Name => directory.Name;
    }
}
