using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const short POLLIN = 1;

    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events, Returned;
    }

    // int poll(struct pollfd *fds, nfds_t nfds, int timeout);  poll(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollDescriptor* descriptors, nuint count, int timeout);

    // ssize_t read(int fd, void *buf, size_t count);  read(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, byte* buffer, nuint count);

    /// <summary>Waits until a descriptor can be read; false when the time is over.</summary>
    public static bool PollRead(int descriptor, int milliseconds)
    {
        PollDescriptor one = new() { Descriptor = descriptor, Events = POLLIN };
        return poll(&one, 1, milliseconds) > 0;
    }

    /// <summary>Reads from a descriptor; 0 at its end.</summary>
    public static int Read(int descriptor, Span<byte> buffer)
    {
        nint length;
        fixed (byte* p = buffer)
        {
            do
            {
                length = read(descriptor, p, (nuint)buffer.Length);
            }
            while (Interrupted(length));
        }
        // A terminal that has gone says EIO: its end.
        return length >= 0 ? (int)length : Marshal.GetLastPInvokeError() == 5 ? 0 : throw Failure("read", (string?)null);
    }
}
