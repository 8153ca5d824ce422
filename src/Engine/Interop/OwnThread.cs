using System.Runtime.ExceptionServices;

namespace LayerImage.Engine.Interop;

/// <summary>
/// A thread for what goes into another namespace, which is the thread's own affair (setns(2), unshare(2)): it ends there, and no
/// other work ever runs on it.
/// </summary>
internal static class OwnThread
{
    private const int StackSize = 256 << 10; // bytes

    /// <summary>
    /// Does something on a thread of its own and waits for it. It must neither complete a task nor queue any work: the thread pool
    /// starts its threads from whichever thread gives it work, and they would be born in that namespace and stay there.
    /// </summary>
    /// <param name="name">What debuggers call the thread.</param>
    /// <param name="body">What to do; what it throws is thrown here.</param>
    public static void Run(string name, Action body)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                body();
            }
            catch (Exception e)
            {
                failure = e;
            }
        }, StackSize)
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}
