# Whether this is the machine that is meant: else all that follows shows nothing.

Test-That 'Machine_IsAWholeDebian' {
    Assert-Equal cgroup2fs (stat -f -c %T /sys/fs/cgroup) 'The file system of control groups'
    Assert-Equal systemd (Get-Content /proc/1/comm) 'The first process'
    Assert-Empty (systemctl --failed --no-legend) 'The list of failed units'
}

Test-That 'Module_IsImported_ByATruePowerShell' {
    Assert-Match '^7\.[6-9]' $PSVersionTable.PSVersion
    Import-Module "$PSScriptRoot/../LayerImage/LayerImage.psd1"
    Assert-Empty (Get-Container) 'The list of containers'
}

Test-That 'Image_IsImported' { Assert-Equal 'tomcat:latest' (New-TomcatImage).Reference }
