using LayerImage.Engine.Interop.Libc;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>A folder "src" with every kind of file and attribute that a layer can hold.</summary>
internal static class EveryKindOfFile
{
    private const string Everything = """
        mkdir -p src/dir/sub src/empty src/sticky; cd src
        echo plain >plain; : >zero; head -c 5000000 /dev/urandom >big
        echo setuid >setuid; chmod 4755 setuid; echo setgid >setgid; chmod 2711 setgid; chmod 1777 sticky; echo none >none; chmod 0 none
        echo owned >owned; chown 70000:4000000000 owned; mkdir owneddir; chown 65536:131072 owneddir; chmod 2770 owneddir
        ln plain dir/hard; ln plain zhard; ln -s ../plain dir/rel; ln -s /etc/passwd abs; ln -s nowhere dangling; chown -h 70001:70002 dangling
        ln dangling dangling2
        mkfifo -m 640 fifo; mknod -m 660 chr c 1 3; mknod -m 600 blk b 7 200; mknod big-minor c 10 70000
        cp /bin/true capable
        n=$(printf '%0200d' 0); echo long >dir/$n; mkdir -p $n/$n; echo deep >$n/$n/$n; ln -s $n/$n/$n longlink; ln dir/$n dir/sub/longhard
        echo z >'spaces and \ back'; echo ü >ünïcode; echo . >...
        truncate -s 1M sparse; printf a | dd of=sparse bs=1 seek=500000 conv=notrunc status=none; truncate -s 64M hole
        touch -d '2001-02-03 04:05:06.123456789 UTC' plain; touch -d '1901-12-14 00:00:00 UTC' zero; touch -d '1969-12-31 23:59:58.25 UTC' setuid; touch -d '2300-01-01 UTC' setgid
        touch -h -d '2003-01-01 00:00:00.5 UTC' abs; touch -d '2005-05-05 05:05:05.000000005 UTC' dir/sub dir empty; touch -d '2006-01-01 UTC' fifo chr .
        """;

    public static void Make(LayerHarness harness, bool xattrs = true)
    {
        string? missing = Requires.All(Requires.Tool("setcap"), Requires.Tool("tar"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        harness.Shell(Everything);
        if (xattrs)
        {
            harness.Shell("setcap cap_net_bind_service=+ep src/capable");
            Libc.SetXAttr(harness["src/plain"], "user.text", "hello"u8);
            Libc.SetXAttr(harness["src/plain"], "user.binary", [0x00, 0xff, 0x0a, 0x3d, 0x00]);
            Libc.SetXAttr(harness["src/plain"], "user.empty", []);
            Libc.SetXAttr(harness["src/dir/sub"], "trusted.some", "x"u8);
            Libc.SetXAttr(harness["src/dangling"], "trusted.link", "y"u8);
            Libc.SetXAttr(harness["src/fifo"], "trusted.fifo", "z"u8);
        }
    }
}
