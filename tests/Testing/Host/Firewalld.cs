using System.Diagnostics;

namespace LayerImage.Testing.Host;

/// <summary>A real firewalld on a system bus of its own, without systemd (dbus-daemon(1), firewalld(1)).</summary>
public static class Firewalld
{
    /// <summary>The environment variable that names the bus.</summary>
    public const string BusVariable = "DBUS_SYSTEM_BUS_ADDRESS";

    /// <summary>The command of a bus that listens at a socket; its configuration is written beside it.</summary>
    public static string[] BusCommand(string socket)
    {
        File.WriteAllText(socket + ".conf", $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>system</type><listen>unix:path={socket}</listen>
            <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow send_type="method_call"/></policy></busconfig>
            """);
        return ["dbus-daemon", $"--config-file={socket}.conf", "--nofork", "--nopidfile"];
    }

    /// <summary>The command of a firewalld whose permanent configuration is a folder, which gets the package's settings when it has none.</summary>
    public static string[] Command(string configuration)
    {
        Directory.CreateDirectory(configuration);
        if (!File.Exists(Path.Combine(configuration, "firewalld.conf")))
        {
            File.Copy("/etc/firewalld/firewalld.conf", Path.Combine(configuration, "firewalld.conf"));
        }
        return ["firewalld", "--nofork", "--nopid", "--system-config", configuration, "--log-file", Path.Combine(configuration, "firewalld.log")];
    }

    /// <summary>Waits until something is so.</summary>
    /// <exception cref="TimeoutException">It was not within half a minute.</exception>
    public static void Wait(Func<bool> condition)
    {
        for (Stopwatch time = Stopwatch.StartNew(); !condition(); Thread.Sleep(50))
        {
            if (time.Elapsed > TimeSpan.FromSeconds(30))
            {
                throw new TimeoutException("It did not come up within 30 seconds.");
            }
        }
    }
}
