# Another machine, as far as the network can tell: a network namespace that a cable joins to this one.

function Start-Peer {
    Invoke-Native ip netns add peer
    Invoke-Native ip link add cable type veth peer name cable netns peer
    Invoke-Native ip address add 198.51.100.1/30 dev cable
    Invoke-Native ip link set cable up
    Invoke-Native ip -n peer address add 198.51.100.2/30 dev cable
    Invoke-Native ip -n peer link set cable up
    $folder = [IO.Directory]::CreateTempSubdirectory('served-').FullName
    [IO.File]::WriteAllText("$folder/index.html", 'served')
    # Two servers of the host's own, which go to the background.
    foreach ($port in 9200, 9300) { Invoke-Native busybox httpd -p $port -h $folder }
}

# A page of a container's, which is not there (404), is an answer too.
function Assert-Answers([int] $Port) {
    Assert-Match 'HTTP/1\.\d' "$(nsenter --net=/run/netns/peer busybox timeout 5 busybox wget -S -O - "http://198.51.100.1:$Port/" 2>&1)" "The answer of port $Port to another machine"
}

function Assert-AnswersSoon([int] $Port) {
    for ($attempt = 0; $attempt -lt 20; $attempt++) {
        try { return Assert-Answers $Port } catch { Start-Sleep -Milliseconds 500 }
    }
    Assert-Answers $Port
}

# Into the network namespace alone: "ip netns exec" would mount another /sys.
function Assert-FromPeer([string] $Expected, [int] $Port) {
    $null = nsenter --net=/run/netns/peer busybox timeout 3 busybox wget -q -O - "http://198.51.100.1:$Port/" 2>&1
    Assert-Equal $Expected ($LASTEXITCODE -eq 0 ? 'open' : 'closed') "Port $Port, asked from another machine,"
}
