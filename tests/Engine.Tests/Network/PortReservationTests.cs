using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using Xunit;

namespace LayerImage.Engine.Tests.Network;

public sealed class PortReservationTests
{
    public PortReservationTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");

    [Theory]
    [InlineData("80")]
    [InlineData("127.0.0.1::80/udp")]
    public void Reserve_ChoosesAFreePortAndKeepsOthersOut(string text)
    {
        using PortReservation reservation = PortReservation.Reserve([PortMapping.Parse(text)], []);

        PortMapping mapping = Assert.Single(reservation.Mappings);
        Assert.True(mapping.IsChosen);
        Assert.Single(reservation.Handles);
        Assert.Equal(SocketError.AddressAlreadyInUse, TryBind(mapping.HostPort, mapping.Protocol));
        // A reserved port that no rule leads away refuses at once: it does not listen.
        Assert.True(mapping.Protocol != PortProtocol.Tcp || TryConnect(mapping.HostPort) == SocketError.ConnectionRefused);
    }

    [Fact]
    public void Dispose_GivesThePortBack()
    {
        PortReservation reservation = PortReservation.Reserve([PortMapping.Parse("80")], []);
        ushort port = reservation.Mappings[0].HostPort;

        reservation.Dispose();

        Assert.Equal(SocketError.Success, TryBind(port, PortProtocol.Tcp));
    }

    [Fact]
    public void Reserve_NamesTheProcessThatHasThePort()
    {
        using Socket other = Listen(out ushort port);

        LayerImageException error = Assert.Throws<LayerImageException>(() => PortReservation.Reserve([PortMapping.Parse($"{port}:80")], []));

        Assert.Equal(EngineError.PortInUse, error.Error);
        Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reserve_TakesAPortWithConnectionsInTimeWait()
    {
        ushort port = MakeTimeWait();

        using PortReservation reservation = PortReservation.Reserve([PortMapping.Parse($"{port}:80")], []);

        Assert.Equal(SocketError.AddressAlreadyInUse, TryBind(port, PortProtocol.Tcp));
    }

    [Fact]
    public void Reserve_RefusesWhatTheStoreSaysIsTaken()
    {
        using PortReservation probe = PortReservation.Reserve([PortMapping.Parse("80")], []);
        ushort port = probe.Mappings[0].HostPort;
        probe.Dispose();

        LayerImageException error = Assert.Throws<LayerImageException>(() =>
            PortReservation.Reserve([PortMapping.Parse($"127.0.0.1:{port}:80")], [new TakenPort(PortMapping.Parse($"{port}:81"), "web")]));

        Assert.Equal(EngineError.PortInUse, error.Error);
        Assert.Contains($"the container web publishes {port}:81", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reserve_TakesTheFirstFreeOfAHostRange()
    {
        using Socket other = Listen(out ushort port);

        using PortReservation reservation = PortReservation.Reserve([PortMapping.Parse($"{port}-{port + 9}:80")], [new TakenPort(PortMapping.Parse($"{port + 1}:80"), "web")]);

        Assert.InRange(reservation.Mappings[0].HostPort, port + 2, port + 9);
        Assert.Null(reservation.Mappings[0].HostPortLast);
    }

    [Fact]
    public void Reserve_IsAllOrNothing()
    {
        using Socket other = Listen(out ushort port);
        ushort free;
        using (PortReservation probe = PortReservation.Reserve([PortMapping.Parse("80")], []))
        {
            free = probe.Mappings[0].HostPort;
        }

        Assert.Throws<LayerImageException>(() => PortReservation.Reserve([PortMapping.Parse($"{free}:80"), PortMapping.Parse($"{port}:81")], []));

        Assert.Equal(SocketError.Success, TryBind(free, PortProtocol.Tcp));
    }

    [Fact]
    public void Reserve_KeepsTheOrderAndRefusesAPortTwice()
    {
        using PortReservation reservation = PortReservation.Reserve([PortMapping.Parse("81"), PortMapping.Parse("80/udp"), PortMapping.Parse("82/sctp")], []);

        Assert.Equal([81, 80, 82], reservation.Mappings.Select(mapping => mapping.ContainerPort));
        Assert.Equal(2, reservation.Handles.Count);
        Assert.Equal(82, Assert.Single(reservation.NotHeld).ContainerPort);
        ushort port = reservation.Mappings[1].HostPort;
        Assert.Throws<LayerImageException>(() => PortReservation.Reserve([PortMapping.Parse($"{port}:80/sctp"), PortMapping.Parse($"{port}:81/sctp")], []));
    }

    [Fact]
    public void Reserve_ChoosesARandomRangeInOnePiece()
    {
        using PortReservation reservation = PortReservation.Reserve([PortMapping.Parse("3000-3004")], []);

        Assert.Equal(5, reservation.Handles.Count);
        Assert.Equal(5, reservation.Mappings[0].Count);
    }

    [Fact]
    public void Reserve_DoesNotHoldMoreThanItsBound()
    {
        using PortReservation reservation = PortReservation.Reserve([PortMapping.Parse($"1-{PortReservation.MaximumHeldPorts + 1}/udp")], []);

        Assert.Empty(reservation.Handles);
        Assert.Equal(reservation.Mappings, reservation.NotHeld);
    }

    [Fact]
    public void Reserve_RefusesAnAddressThatIsNotTheHosts()
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => PortReservation.Reserve([PortMapping.Parse("192.0.2.77::80")], []));

        Assert.Equal(EngineError.PortInvalid, error.Error);
    }

    private static Socket Listen(out ushort port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        port = (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }

    // The side that closes first keeps the connection in TIME_WAIT: here the server's.
    private static ushort MakeTimeWait()
    {
        using Socket listener = Listen(out ushort port);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(IPAddress.Loopback, port);
        using (Socket server = listener.Accept())
        {
            server.Shutdown(SocketShutdown.Send);
            _ = client.Receive(new byte[1]);
            client.Shutdown(SocketShutdown.Send);
            _ = server.Receive(new byte[1]);
        }
        return port;
    }

    private static SocketError TryBind(ushort port, PortProtocol protocol)
    {
        using Socket socket = new(AddressFamily.InterNetwork, protocol == PortProtocol.Tcp ? SocketType.Stream : SocketType.Dgram, protocol == PortProtocol.Tcp ? ProtocolType.Tcp : ProtocolType.Udp);
        return Error(() => socket.Bind(new IPEndPoint(IPAddress.Loopback, port)));
    }

    private static SocketError TryConnect(ushort port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        return Error(() => socket.Connect(IPAddress.Loopback, port));
    }

    private static SocketError Error(Action action)
    {
        try
        {
            action();
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
