# An image that behaves as Docker Hub's Tomcat: webapps is empty, so that it answers 404 until webapps.dist is moved there.

function New-TomcatImage {
    $folder = '/opt/tomcat'
    $catalina = "$folder/usr/local/tomcat"
    foreach ($name in "$folder/bin", "$folder/etc", "$folder/tmp", "$catalina/bin", "$catalina/webapps", "$catalina/webapps.dist") {
        $null = [IO.Directory]::CreateDirectory($name)
    }
    [IO.File]::Copy('/bin/busybox', "$folder/bin/busybox")
    foreach ($applet in 'sh', 'sleep', 'httpd', 'cat', 'ls', 'mv', 'head', 'tail') { $null = [IO.File]::CreateSymbolicLink("$folder/bin/$applet", 'busybox') }
    [IO.File]::WriteAllText("$folder/etc/passwd", "root:x:0:0:root:/:/bin/sh`n")
    [IO.File]::WriteAllText("$catalina/bin/catalina.sh", "#!/bin/sh`nexec httpd -f -p 8080 -h /usr/local/tomcat/webapps`n")
    [IO.File]::WriteAllText("$catalina/webapps.dist/index.html", 'home')
    Invoke-Native chmod 755 "$folder/bin/busybox" "$catalina/bin/catalina.sh"
    Import-LayerImage $folder tomcat -Change 'CMD ["/usr/local/tomcat/bin/catalina.sh","run"]'
}
