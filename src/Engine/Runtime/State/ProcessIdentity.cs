using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Runtime;

/// <summary>A process that cannot be mistaken for another one that got its number later.</summary>
/// <param name="Pid">Its number on the host.</param>
/// <param name="StartTime">When it was started, in clock ticks since the boot (proc(5), stat, field 22).</param>
public readonly record struct ProcessIdentity(int Pid, long StartTime)
{
    /// <summary>The process that has this number now, or null. A zombie counts as ended.</summary>
    public static ProcessIdentity? Of(int pid) => HostProcess.StartTime(pid) is long start ? new ProcessIdentity(pid, start) : null;

    /// <summary>It has not ended.</summary>
    public bool IsAlive => Of(Pid) == this;

    /// <summary>Sends a signal; false when the process has ended. The number cannot be reused in between: the signal goes through a pidfd.</summary>
    internal bool Signal(int signal)
    {
        using SafeFileHandle? process = Libc.PidFdOpen(Pid);
        return process is not null && IsAlive && Libc.PidFdSendSignal(process, signal);
    }
}
