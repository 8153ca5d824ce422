using LayerImage.Engine.Containers;
using LayerImage.Engine.Runtime;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>
/// A program that tries, as root of an ordinary container, whatever has led out of some container or changed its host: what is
/// told to work is what docker's containers can, too, and the host is as it was.
/// </summary>
[Collection("Containers")]
public class CanaryTests
{
    // Each line: a name and what is tried. What works is written; what is refused writes nothing.
    private const string Attempts = """
        chmod-inherited      for fd in /proc/self/fd/*; do chmod 0 "$fd"; done; false
        chmod-standard       chmod 0 /dev/stdin /dev/stdout /dev/stderr; false
        device-node          mknod /tmp/loop0 b 7 0 && dd if=/tmp/loop0 of=/dev/null bs=1 count=1
        device-memory        mknod /tmp/mem c 1 1 && dd if=/tmp/mem of=/dev/null bs=1 count=1
        device-null          mknod /tmp/null c 1 3 && echo >/tmp/null
        kernel-memory        dd if=/proc/kcore of=/dev/null bs=1 count=1 && [ "$(dd if=/proc/kcore bs=1 count=1 | wc -c)" = 1 ]
        kernel-keys          [ "$(cat /proc/keys | wc -l)" != 0 ]
        kernel-timers        [ "$(cat /proc/timer_list | wc -l)" != 0 ]
        kernel-log           dmesg | grep -q .
        magic-key            echo h >/proc/sysrq-trigger
        setting-kernel       echo x >/proc/sys/kernel/core_pattern
        setting-name         echo x >/proc/sys/kernel/hostname
        setting-forward      echo 0 >/proc/sys/net/ipv4/ip_forward
        setting-own-link     echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
        mount-new            mount -t tmpfs none /mnt
        mount-bind           mount --bind / /mnt
        mount-again          mount -o remount,rw /proc/sys
        mount-away           umount /proc/sys
        mount-proc           mount -t proc none /proc
        control-group        mkdir /sys/fs/cgroup/*/own || { ! grep -q " /sys/fs/cgroup tmpfs" /proc/mounts && mkdir /sys/fs/cgroup/own; }
        release-agent        for file in $(find /sys/fs/cgroup -name release_agent); do echo /x >"$file" && exit 0; done; false
        modules              insmod /bin/busybox 2>&1 | grep -qi format
        clock                [ -z "$(date -s "@$(date +%s)" 2>&1 >/dev/null)" ]
        name                 hostname other
        link-down            ip link set eth0 down
        link-new             ip link add x type veth
        address              ip addr add 192.0.2.9/24 dev eth0
        route                ip route add 192.0.2.0/24 dev eth0
        user-namespace       unshare -U true
        mount-namespace      unshare -m true
        namespaces-of-init   nsenter -t 1 -m -n -i -u true
        root-of-init         [ -e /proc/1/root/canary-of-the-host ]
        environment          cat /proc/*/environ | grep -q CANARY
        command-lines        cat /proc/*/cmdline | grep -q 'Layer[I]mage'
        chroot               mkdir -p /tmp/root/bin && cp /bin/busybox /tmp/root/bin/true && chroot /tmp/root /bin/true
        climb-out            chroot /proc/1/root [ -e /canary-of-the-host ]
        swap                 swapoff -a && echo | grep -q x
        reboot               reboot -f -n
        priority             [ -z "$(nice -n -20 true 2>&1)" ]
        limit                ulimit -l unlimited && [ "$(ulimit -l)" = unlimited ] && ulimit -c unlimited && false
        overlay-attribute    [ -e /proc/self/mountinfo ] && grep -q 'upperdir=[^,]*' /proc/self/mountinfo && [ -d "$(sed -n 's/.*upperdir=\([^,]*\).*/\1/p' /proc/self/mountinfo | head -n 1)" ]
        others               ls -d /proc/[0-9]* | wc -l | grep -qE '^[0-9]{3,}$'
        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhateverAProgramTries_TheHostIsAsItWas()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        using EnvironmentScope secret = new(new Dictionary<string, string> { ["CANARY"] = "of the host" });
        Container other = await harness.RunAsync("sleep 1000"), canary = await harness.RunAsync("sleep 1000");
        string script = string.Join('\n', Attempts.Split('\n').Select(line => line.Trim()).Select(line =>
        {
            string[] parts = line.Split(' ', 2);
            return $"( {parts[1].Trim()} ) >/dev/null 2>&1 </dev/null && echo {parts[0]}";
        }));
        IReadOnlyList<string> before = await HostPicture.TakeAsync(Stop);
        HostSnapshot host = await HostSnapshot.CaptureAsync(Stop);

        List<string> works = [];
        await using (RunningCommand command = await harness.Containers.Commands.InvokeAsync(canary.Id, new ContainerCommandRequest { Command = ["/bin/sh", "-c", script + "\ntrue"] }, Stop))
        {
            await foreach (OutputLine line in command.ReadLinesAsync(Stop))
            {
                works.Add(line.Text);
            }
        }

        // A node of a harmless device, and another root with root's CHROOT capability, which docker leaves too.
        Assert.Equal("device-null chroot", string.Join(' ', works));
        Assert.Equal(before, await HostPicture.TakeAsync(Stop));
        await HostSnapshot.EnsureSameAsync(host, TimeSpan.FromSeconds(2), Stop);
        Assert.Equal([ContainerState.Running, ContainerState.Running], [(await harness.Containers.GetAsync(other.Id, Stop)).State, (await harness.Containers.GetAsync(canary.Id, Stop)).State]);
    }
}
