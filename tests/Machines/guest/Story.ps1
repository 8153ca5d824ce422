# The user's document: a container of an image, a fix inside it, a commit, the new image beside the old one. While firewalld
# runs, as it does on such a machine.

Test-That 'Story_FreshContainer_Answers404' {
    Start-LayerContainer tomcat -Name mytomcat -Publish 8081:8080
    Assert-Equal 404 (Get-PageStatus 8081)
    Assert-Equal Running (Get-Container mytomcat).State
}

Test-That 'Story_CommandInTheContainer_MakesIt200' {
    Invoke-ContainerCommand mytomcat 'mv /usr/local/tomcat/webapps.dist/* /usr/local/tomcat/webapps'
    Assert-Equal 0 $LASTEXITCODE 'The exit code'
    Assert-Equal 200 (Get-PageStatus 8081)
}

Test-That 'Story_Commit_KeepsAuthorAndMessage' {
    Get-Container mytomcat | Save-ContainerAsImage zyp/mytomcat:1.0.0 -Author zyp -Message 'direct use tomcat'
    $image = Get-LayerImage zyp/mytomcat:1.0.0
    Assert-Equal zyp $image.Author 'The author'
    Assert-Equal 'direct use tomcat' $image.Message 'The message'
    Assert-Equal 2 $image.LayerCount 'The number of layers'
}

Test-That 'Story_ContainerOfTheNewImage_Answers200' {
    Start-LayerContainer zyp/mytomcat:1.0.0 -Name fixed -Publish 8082:8080
    Assert-Equal 200 (Get-PageStatus 8082)
}

Test-That 'Story_ContainerOfTheOldImage_StillAnswers404' {
    Start-LayerContainer tomcat -Name fresh -Publish 8083:8080
    Assert-Equal 404 (Get-PageStatus 8083)
    Assert-Equal 200 (Get-PageStatus 8081) 'The fixed container beside it'
}

Test-That 'Monitor_LivesOutsideTheSession' {
    $monitors = (Invoke-Native busybox pidof conmon) -split ' '
    Assert-Equal 3 $monitors.Count 'The number of monitors'
    foreach ($id in $monitors) { Assert-Equal '0::/layerimage/monitors' (Get-Content "/proc/$id/cgroup") "A monitor's control group" }
}

Test-That 'Story_RemovedContainers_LeaveNothing' {
    Get-Container | Remove-LayerContainer -Force
    Assert-Empty (Get-Container) 'The list of containers'
    Assert-Empty (Select-String -Path /proc/self/mountinfo -Pattern layerimage -Raw) 'The list of mounts'
}
