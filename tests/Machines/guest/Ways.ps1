# Ways that nothing but a look tells: docs/design/machines.md says which machine goes which.

Test-That 'Crun_HasAGate_SoStartNeedsNoProcess' {
    $bundle = [IO.Directory]::CreateTempSubdirectory('bundle-').FullName
    Invoke-Native crun spec --bundle $bundle
    $spec = [IO.File]::ReadAllText("$bundle/config.json") | ConvertFrom-Json -AsHashtable
    $spec.process.terminal = $false
    $spec.process.args = 'sleep', '100'
    $spec.root.path = '/opt/tomcat'
    [IO.File]::WriteAllText("$bundle/config.json", ($spec | ConvertTo-Json -Depth 20))
    Invoke-Native sh -c "crun create --bundle $bundle gate >/dev/null 2>&1 </dev/null"
    try { Assert-Equal True ([IO.File]::Exists('/run/crun/gate/exec.fifo')) 'That the gate exists' }
    finally { Invoke-Native crun delete --force gate }
}

Test-That 'Crun_LeavesItsFilter_AndItIsKept' {
    Assert-Equal 1 @(Get-ChildItem /run/layerimage/seccomp -Filter *.bpf).Count 'The number of kept filters'
}
