using LayerImage.Engine.IO;
using Xunit;

namespace LayerImage.Engine.Tests.IO;

public sealed class WorkLineTests
{
    [Fact]
    public void Steps_AreDoneInTheirOrder_OnAnotherThread()
    {
        using WorkLine line = new("test");
        List<int> done = [];
        int thread = 0;

        for (int i = 0; i < 1000; i++)
        {
            int number = i;
            line.Add(() => done.Add(number));
        }
        line.Do(() => thread = Environment.CurrentManagedThreadId);

        Assert.Equal(Enumerable.Range(0, 1000), done);
        Assert.NotEqual(Environment.CurrentManagedThreadId, thread);
        line.Finish();
    }

    [Fact]
    public void Failure_EndsIt_AndIsMetByWhoeverGivesOrWaits()
    {
        using WorkLine line = new("test");
        int after = 0;

        line.Add(() => throw new InvalidDataException("a step"));
        Assert.Throws<InvalidDataException>(() => line.Do(() => after++));
        // More than have room: nobody waits for ever.
        Assert.Throws<InvalidDataException>(() => Enumerable.Range(0, 1000).ToList().ForEach(_ => line.Add(() => after++)));
        Assert.Throws<InvalidDataException>(line.Finish);

        Assert.Equal(0, after);
    }

    [Fact]
    public async Task Dispose_DoesNotDoWhatIsLeft()
    {
        using ManualResetEventSlim begun = new(), go = new();
        int done = 0;
        WorkLine line = new("test");
        line.Add(() =>
        {
            begun.Set();
            go.Wait();
        });
        line.Add(() => done++);
        begun.Wait();

        Task disposing = Task.Run(line.Dispose);
        SpinWait.SpinUntil(() => line.IsAbandoned);
        go.Set();
        await disposing;

        Assert.Equal(0, done);
    }
}
