using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using Xunit;

namespace LayerImage.Engine.Tests.IO;

public sealed class UndoStackTests
{
    [Fact]
    public async Task Steps_RunInReverse_AlsoAfterOneThatFails()
    {
        List<int> done = [];

        await using (UndoStack undo = new())
        {
            undo.Push(() => done.Add(1));
            undo.Push(() => throw new LayerImageException(EngineError.RuntimeFailed, "The step fails."));
            undo.Push(async () =>
            {
                await Task.Yield();
                done.Add(3);
            });
            undo.Push(() => throw new IOException("The disk is gone."));
            undo.Push(() => done.Add(5));
        }

        Assert.Equal([5, 3, 1], done);
    }

    [Fact]
    public async Task Committed_UndoesNothing_ButWhatCameLater()
    {
        List<int> done = [];

        await using (UndoStack undo = new())
        {
            undo.Push(() => done.Add(1));
            undo.Commit();
            undo.Push(() => done.Add(2));
        }

        Assert.Equal([2], done);
    }

    // What is no failure of the machine's is a fault of ours, and is heard of.
    [Fact]
    public async Task Fault_IsNotSwallowed()
    {
        UndoStack undo = new();
        undo.Push(() => throw new InvalidOperationException());

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await undo.DisposeAsync());
    }
}
