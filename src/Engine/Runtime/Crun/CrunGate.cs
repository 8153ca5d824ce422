using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// crun's start gate: a FIFO that the container's first process reads before it executes its program. "crun start"
/// does this and nothing else (we use no hooks), in a process of its own; done here it is four system calls.
/// </summary>
internal static class CrunGate
{
    /// <summary>Lets the program go. True as well when somebody else did so; false when nobody waits behind the gate any more.</summary>
    public static bool Open(string path)
    {
        try
        {
            // Without O_NONBLOCK the call would wait for a reader that may have been killed.
            using FileStream gate = new(Libc.Open(path, OpenFlags.WriteOnly | OpenFlags.NonBlocking), FileAccess.Write, bufferSize: 0);
            File.Delete(path);
            gate.WriteByte(0);
            return true;
        }
        catch (LinuxException error) when (error.Errno == LinuxException.ENOENT)
        {
            return true;
        }
        catch (LinuxException error) when (error.Errno == ENXIO)
        {
            return false;
        }
    }

    private const int ENXIO = 6;
}
