BeforeDiscovery {
    . "$PSScriptRoot/Host.ps1"
    $Missing = Get-MissingRequirement
}

Describe "Containers$(if ($Missing) { " ($Missing)" })" -Skip:([bool]$Missing) {
    BeforeAll {
        . "$PSScriptRoot/Host.ps1"
        $TestHost = Start-TestHost
        $null = Import-LayerImage $TestHost.RootFs box
        $Web = Start-LayerContainer box -Name web -Publish 18080:8080 -Label @{ tier = 'front' } -Environment @{ GREETING = 'hello'; COUNT = 3 } -Command httpd, -f, -p, 8080, -h, /srv
    }
    AfterAll { Stop-TestHost $TestHost }

    Context 'Start' {
        It 'emits the container, which runs' {
            $Web.Name | Should -Be web
            $Web.State | Should -Be Running
            $Web.Image | Should -Be 'box:latest'
            $Web.Ports | Should -HaveCount 1
            "$($Web.Ports)" | Should -Be '18080:8080'
            $Web.StartedAt | Should -BeOfType ([DateTimeOffset])
        }

        It 'publishes the port on the host' {
            $null = Wait-LayerContainer web -Condition PortOpen -Timeout 10
            Invoke-RestMethod http://127.0.0.1:18080/index.html -TimeoutSec 10 | Should -Match 'It works'
        }

        It 'takes a piped image and environment as a hashtable' {
            $lines = Get-LayerImage box | Start-LayerContainer -Environment @{ A = 1; B = 'two words' } -Command 'echo $A $B' -Attach -Remove
            $lines | Should -Be '1 two words'
            $LASTEXITCODE | Should -Be 0
        }

        It 'with -Attach emits the lines and sets $LASTEXITCODE' {
            Start-LayerContainer box -Command 'echo one; echo two; exit 7' -Attach -Remove | Should -Be 'one', 'two'
            $LASTEXITCODE | Should -Be 7
        }

        It 'has docker''s umask, whatever the session''s is' {
            $command = "Import-Module '$ManifestPath'; Start-LayerContainer box -Attach -Remove -Command 'umask;'; Invoke-ContainerCommand web 'umask;'"
            $lines = & sh -c 'umask 077; exec "$@"' sh @([Environment]::ProcessPath) @(if ([Environment]::ProcessPath -like '*dotnet') { "$PSHOME/pwsh.dll" }) -NoProfile -NonInteractive -Command $command
            $lines | Should -Be '0022', '0022'
        }

        It 'gets places that its users can enter, whatever the session''s umask is' {
            $bare = "$($TestHost.Folder)/bare"
            $null = New-Item -ItemType Directory "$bare/bin"
            Copy-Item "$($TestHost.RootFs)/bin/busybox" "$bare/bin/busybox"
            & chmod -R go+rX $bare
            $null = Import-LayerImage $bare bare
            $command = "Import-Module '$ManifestPath'; Start-LayerContainer bare -Attach -Remove -WorkingDirectory /srv/work -Command /bin/busybox,stat,'-c','%a %n',/etc,/etc/hosts,/proc,/srv/work"
            $lines = & sh -c 'umask 077; exec "$@"' sh @([Environment]::ProcessPath) @(if ([Environment]::ProcessPath -like '*dotnet') { "$PSHOME/pwsh.dll" }) -NoProfile -NonInteractive -Command $command
            $lines | Should -Be '755 /etc', '644 /etc/hosts', '555 /proc', '755 /srv/work'
        }

        It 'starts again what was stopped, by name and from the pipeline' {
            $null = New-LayerContainer box -Name sleeper -Command sleep, 300
            (Start-LayerContainer -Name sleeper).State | Should -Be Running
            Stop-LayerContainer sleeper -Timeout 0
            (Get-Container sleeper | Start-LayerContainer).State | Should -Be Running
            Remove-LayerContainer sleeper -Force
        }

        It 'takes names, and objects that have one, from the pipeline' {
            $null = New-LayerContainer box -Name piped -Command sleep, 300
            $null = Start-LayerContainer -Name piped
            ('piped' | Stop-LayerContainer -Timeout 0 -PassThru).State | Should -Be Exited
            ([pscustomobject]@{ Name = 'piped' } | Restart-LayerContainer -PassThru).State | Should -Be Running
            'piped' | Remove-LayerContainer -Force
            $null = Add-ImageTag box piped:1
            ('piped:1' | Remove-LayerImage).Untagged | Should -Be 'piped:1'
        }

        It 'takes no other object for a container' {
            foreach ($script in { [pscustomobject]@{ Name = 'web' } | Invoke-ContainerCommand -Command ls }, { [pscustomobject]@{ Name = 'web' } | Save-ContainerAsImage no:1 }, { [pscustomobject]@{ Name = 'web' } | Rename-LayerContainer -NewName no }) {
                (Get-Failure $script).FullyQualifiedErrorId | Should -BeLike 'InputObjectNotBound*'
            }
        }

        It 'keeps the name that was given, and is found by it, by another and by the id' {
            $null = Add-ImageTag box another:1
            $given = New-LayerContainer another:1 -Name named -Command sleep, 300
            $given.Image | Should -Be 'another:1'
            foreach ($image in 'box', 'another:1', $given.ImageId, $given.ImageId.Substring(7, 12)) {
                (Get-Container -Image $image).Name | Should -Contain named
            }
            Get-Container -Image nothing* | Should -BeNullOrEmpty
            Remove-LayerContainer named
            $null = Remove-LayerImage another:1
        }

        It 'refuses loose words and says to quote the command' {
            $failure = Get-Failure { Start-LayerContainer box ls / }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            $failure.ErrorDetails.RecommendedAction | Should -Match 'Quote'
            $failure = Get-Failure { Invoke-ContainerCommand web ls / }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
        }

        It 'takes nothing for a parameter in silence that was typed for the command, and says the line to write' -ForEach @(
            @{ Line = 'Invoke-ContainerCommand web uname -a'; Advice = "Invoke-ContainerCommand web 'uname -a'" }
            @{ Line = 'Invoke-ContainerCommand web ls -d'; Advice = "Invoke-ContainerCommand web 'ls -d'" }
            @{ Line = 'Invoke-ContainerCommand web ls -l /'; Advice = "Invoke-ContainerCommand web 'ls -l /'" }
            @{ Line = 'Invoke-ContainerCommand web ls -as'; Advice = "Invoke-ContainerCommand web 'ls -as'" }
            @{ Line = 'Invoke-ContainerCommand web id -u'; Advice = "Invoke-ContainerCommand web 'id -u'" }
            @{ Line = 'Invoke-ContainerCommand web cat -v /etc/passwd'; Advice = "Invoke-ContainerCommand web 'cat -v /etc/passwd'" }
            @{ Line = 'Invoke-ContainerCommand web sh -c "echo hi"'; Advice = "Invoke-ContainerCommand web 'sh -c ""echo hi""'" }
            @{ Line = 'Invoke-ContainerCommand web ls --all'; Advice = "Invoke-ContainerCommand web 'ls --all'" }
            @{ Line = 'Get-Container web | Invoke-ContainerCommand uname -a'; Advice = "Invoke-ContainerCommand 'uname -a'" }
            @{ Line = 'Invoke-ContainerCommand -u root web id'; Advice = '-User' }
            @{ Line = 'Start-LayerContainer box uname -a'; Advice = "Start-LayerContainer box 'uname -a'" }
            @{ Line = 'Start-LayerContainer box ls -d'; Advice = "Start-LayerContainer box 'ls -d'" }
            @{ Line = 'Start-LayerContainer box mkdir -p /x'; Advice = "Start-LayerContainer box 'mkdir -p /x'" }
            @{ Line = 'New-LayerContainer box ls -la / -Name none'; Advice = "New-LayerContainer box 'ls -la /' -Name none" }
            @{ Line = 'Get-LayerImage box | Start-LayerContainer -Command ls -l'; Advice = "Start-LayerContainer -Command 'ls -l'" }
            @{ Line = 'Start-LayerContainer box -n none'; Advice = 'Get-Help Start-LayerContainer' }
        ) {
            $before = @(Get-Container).Count
            $failure = Get-Failure { Invoke-Expression $Line }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            $failure.ErrorDetails.RecommendedAction | Should -BeLike "*$([WildcardPattern]::Escape($Advice))*"
            @(Get-Container).Count | Should -Be $before
        }

        It 'tells a parameter that there is not, and the one that is meant' -ForEach @(
            @{ Line = 'Start-LayerContainer box -Pubilsh 1:1'; Advice = 'Write -Publish.' }
            @{ Line = 'Start-LayerContainer -Imgae box'; Advice = 'Write -Image.' }
            @{ Line = 'Start-LayerContainer --rm box'; Advice = 'Write -Remove.' }
            @{ Line = 'New-LayerContainer box --workdir /'; Advice = 'Write -WorkingDirectory.' }
            @{ Line = 'Start-LayerContainer box -Restart always'; Advice = 'Get-Help Start-LayerContainer*' }
            @{ Line = 'Invoke-ContainerCommand web "id -u" -Usr root'; Advice = 'Write -User.' }
        ) {
            $failure = Get-Failure { Invoke-Expression $Line }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            "$failure" | Should -Match 'has no parameter'
            $failure.ErrorDetails.RecommendedAction | Should -BeLike $Advice
        }

        It "takes docker's short options" {
            $started = Start-LayerContainer -d -p 127.0.0.1::80 -e GREETING=hello -w /tmp -m 64m -u 0 box 'sleep 300' -Name short
            $started.State | Should -Be Running
            $started.Ports[0].ContainerPort | Should -Be 80
            Invoke-ContainerCommand short 'echo $GREETING $PWD' | Should -Be 'hello /tmp'
            Remove-LayerContainer short -Force
        }

        It 'says that a container is meant, or that no such image is here, and asks no registry in silence' {
            $failure = Get-Failure { Start-LayerContainer web }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ImageNotFound,*'
            $failure.ErrorDetails.RecommendedAction | Should -Match 'Start-LayerContainer -Name web'
            "$(Get-Failure { Start-LayerContainer 127.0.0.1:1/misspelt })" | Should -Match "There is no image '127.0.0.1:1/misspelt' here"
        }

        It 'asks nobody for an object that cannot be typed: <_>' -ForEach 'Stop-LayerContainer', 'Remove-LayerContainer', 'Wait-LayerContainer', 'Get-ContainerLog',
            'Remove-LayerImage', 'Send-LayerImage', 'Mount-LayerImage', 'Dismount-LayerImage', 'Save-ContainerAsImage', 'New-LayerContainer' {
            $command = $_
            $failure = Get-Failure { & $command }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            "$failure" | Should -Match '^No (container|image|mount) was given\.'
        }

        It 'takes names, images and copies of containers from the pipeline' {
            $null = Start-LayerContainer box 'sleep 300' -Name piped -Label @{ tested = 'yes' }
            'piped' | Invoke-ContainerCommand 'echo $((1+1))' | Should -Be 2
            (Get-LayerImage box | Get-Container).Name | Should -Contain piped
            (Get-Container -Label @{ tested = 'yes' }).Name | Should -Be piped
            $copies = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-Container piped), 3))
            $copies | Invoke-ContainerCommand 'echo $((1+1))' | Should -Be 2
            ($copies | Save-ContainerAsImage piped:1).Tags | Should -Contain 'piped:1'
            $null = 'piped' | Stop-LayerContainer -Timeout 0
            ($copies | Start-LayerContainer).Name | Should -Be piped
            $null = 'piped' | Stop-LayerContainer -Timeout 0
            ('piped' | Start-LayerContainer).Name | Should -Be piped
            $image = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-LayerImage piped:1), 3))
            $made = $image | New-LayerContainer
            $made.ImageId | Should -Be (Get-LayerImage piped:1).Id
            $made.Name, 'piped' | Remove-LayerContainer -Force
            $null = Get-LayerImage piped:1 | Remove-LayerImage -Force
        }

        It "saves in docker's order" {
            $null = New-LayerContainer box 'sleep 1' -Name ordered
            (Save-ContainerAsImage ordered my/ordered:1).Tags | Should -Contain 'my/ordered:1'
            (Save-ContainerAsImage my/ordered:2 -Name ordered).Tags | Should -Contain 'my/ordered:2'
            (Get-Container ordered | Save-ContainerAsImage my/ordered:3).Tags | Should -Contain 'my/ordered:3'
            (Save-ContainerAsImage ordered).Tags | Should -Contain 'ordered:latest'
            Remove-LayerContainer ordered
            Remove-LayerImage my/ordered:1 -Force
        }

        It 'leaves no container when the program is not in the image' {
            $failure = Get-Failure { Start-LayerContainer box -Name broken -Command nosuchprogram }
            $failure.FullyQualifiedErrorId | Should -BeLike 'CommandNotFound,*'
            $failure.CategoryInfo.Category | Should -Be ObjectNotFound
            Get-Container 'broken*' | Should -BeNullOrEmpty
        }

        It 'refuses a name that is taken and a port that is taken' {
            (Get-Failure { Start-LayerContainer box -Name web -Command sleep, 1 }).FullyQualifiedErrorId | Should -BeLike 'NameInUse,*'
            $failure = Get-Failure { Start-LayerContainer box -Publish 18080:80 -Command sleep, 1 }
            $failure.FullyQualifiedErrorId | Should -BeLike 'PortInUse,*'
            $failure.CategoryInfo.Category | Should -Be ResourceBusy
        }
    }

    Context 'Invoke-ContainerCommand' {
        It 'one string is for the shell, several are executed as they are' {
            Invoke-ContainerCommand web 'echo $GREETING $COUNT | tr a-z A-Z' | Should -Be 'HELLO 3'
            Invoke-ContainerCommand web echo, '$GREETING' | Should -Be '$GREETING'
        }

        It 'sets $LASTEXITCODE, and no error' {
            $errors = $Error.Count
            Invoke-ContainerCommand web 'exit 3' -ErrorAction Stop
            $LASTEXITCODE | Should -Be 3
            $Error.Count | Should -Be $errors
        }

        It 'reads and writes files byte for byte' {
            $program = @(Get-Command busybox -CommandType Application)[0].Source
            Invoke-ContainerCommand web 'cat >/dev/shm/copy; cat /dev/shm/copy' -RedirectStandardInput $program -RedirectStandardOutput TestDrive:/exec
            $hash = (Get-FileHash $program).Hash
            (Get-FileHash TestDrive:/exec).Hash | Should -Be $hash
            Start-LayerContainer box cat -RedirectStandardInput $program -RedirectStandardOutput TestDrive:/run -Remove
            $LASTEXITCODE | Should -Be 0
            (Get-FileHash TestDrive:/run).Hash | Should -Be $hash
            (Get-Failure { Invoke-ContainerCommand web cat -RedirectStandardInput TestDrive:/none }).FullyQualifiedErrorId | Should -BeLike 'PathInvalid,*'
            (Get-Failure { Invoke-ContainerCommand web cat -RedirectStandardInput $program -StandardInput x }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
        }

        It 'is ended where nobody takes more of its output' {
            Start-LayerContainer box yes -Attach -Remove -Name endless | Select-Object -First 3 | Should -Be y, y, y
            Get-Container endless* | Should -BeNullOrEmpty
            Invoke-ContainerCommand web yes | Select-Object -First 3 | Should -Be y, y, y
            Invoke-ContainerCommand web 'ps' | Where-Object { $_ -match '\byes$' } | Should -BeNullOrEmpty
        }

        It 'sets $LASTEXITCODE where nothing could be started, too' {
            $null = Get-Failure { Start-LayerContainer 127.0.0.1:1/none -Attach }
            $LASTEXITCODE | Should -Be 125
            $null = Get-Failure { Invoke-ContainerCommand web nosuchprogram }
            $LASTEXITCODE | Should -Be 127
        }

        It 'reads the log of who writes without end, to an end' {
            $null = Start-LayerContainer box 'while :; do echo line; done' -Name busy
            Wait-LayerContainer busy -Condition LogMatch -Pattern line
            @(Get-ContainerLog busy -Tail 2).Count | Should -Be 2
            @(Get-ContainerLog busy -Follow -Tail 1 -Until (Get-Date).AddSeconds(1)).Count | Should -BeGreaterThan 0
            Remove-LayerContainer busy -Force
            @(Get-ContainerLog web -Follow -Tail 0 -Until (Get-Date).AddSeconds(1)).Count | Should -Be 0
        }

        It 'with -AsResult returns output, errors, exit code and duration' {
            $result = Invoke-ContainerCommand web 'echo out; echo err >&2; exit 4' -AsResult
            $result.Output | Should -Be out
            $result.Error | Should -Be err
            $result.ExitCode | Should -Be 4
            $result.Duration | Should -BeOfType ([TimeSpan])
            $result.ContainerName | Should -Be web
        }

        It 'takes piped containers, by their ids and not by names that others may have by then' {
            $piped = New-LayerContainer box -Name piped -Command sleep, 300
            Get-Container web | Invoke-ContainerCommand 'echo $GREETING' | Should -Be hello
            Get-Container web | Invoke-ContainerCommand echo, '$GREETING' | Should -Be '$GREETING'
            Rename-LayerContainer piped renamed
            ($piped | Start-LayerContainer).Name | Should -Be renamed
            $piped | Invoke-ContainerCommand -Command 'echo $((6*7))' | Should -Be 42
            $piped | Remove-LayerContainer -Force
            Get-Container 'piped', 'renamed' -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        }

        It 'says what is missing' {
            (Get-Failure { Invoke-ContainerCommand web }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            (Get-Failure { Get-Container web | Invoke-ContainerCommand }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
            (Get-Failure { Get-Container web | Invoke-ContainerCommand ls / }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
        }

        It 'feeds standard input and takes user, directory and environment' {
            Invoke-ContainerCommand web cat -StandardInput one, two | Should -Be one, two
            Invoke-ContainerCommand web 'echo $(id -u) $(pwd) $X' -User web -WorkingDirectory /srv -Environment @{ X = 'y' } | Should -Be '1000 /srv y'
        }

        It 'a program that is not there is an error' {
            (Get-Failure { Invoke-ContainerCommand web nosuchprogram }).FullyQualifiedErrorId | Should -BeLike 'CommandNotFound,*'
        }

        It 'Select-Object -First 1 ends the command' {
            $watch = [Diagnostics.Stopwatch]::StartNew()
            Invoke-ContainerCommand web 'echo first; sleep 61; echo second' | Select-Object -First 1 | Should -Be first
            $watch.Elapsed.TotalSeconds | Should -BeLessThan 20
            Invoke-ContainerCommand web 'ps' | Where-Object { $_ -match 'sleep 61' } | Should -BeNullOrEmpty
        }
    }

    Context 'Get-Container' {
        It 'finds by name, id, beginning of an id, wildcard, label, image and state' {
            (Get-Container web).Id | Should -Be $Web.Id
            (Get-Container WEB).Id | Should -Be $Web.Id
            (Get-Container $Web.Id.Substring(0, 10)).Id | Should -Be $Web.Id
            (Get-Container -Id $Web.Id).Id | Should -Be $Web.Id
            (Get-Container 'w*').Id | Should -Be $Web.Id
            (Get-Container -Label tier=front).Id | Should -Be $Web.Id
            (Get-Container -Image 'box').Name | Should -Contain web
            (Get-Container -State Running).Name | Should -Contain web
            Get-Container -Label tier=back | Should -BeNullOrEmpty
        }

        It 'a literal name that is not there is an error, a wildcard is none' {
            $failure = Get-Failure { Get-Container nosuch }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ContainerNotFound,*'
            $failure.CategoryInfo.Category | Should -Be ObjectNotFound
            $failure.TargetObject | Should -Be nosuch
            Get-Container 'nosuch*' -ErrorAction Stop | Should -BeNullOrEmpty
        }

        It 'Get-LayerContainer is the same' {
            (Get-LayerContainer web).Id | Should -Be $Web.Id
        }

        It 'the view shows state and ports' {
            $text = Get-Container web | Out-String -Width 200
            $text | Should -Match "web\s.*$($Web.Id.Substring(0, 12))"
            $text | Should -Match 'Up \d+ (second|minute)'
            $text | Should -Match '18080:8080'
        }
    }

    Context 'Save-ContainerAsImage' {
        It 'the changes become a layer over those that are shared' {
            Invoke-ContainerCommand web 'mkdir /data && echo kept >/data/file && rm /srv/index.html'
            $changes = Get-ContainerChange web
            ($changes | Where-Object Path -eq '/data/file').Kind | Should -Be Added
            ($changes | Where-Object Path -eq '/srv/index.html').Kind | Should -Be Deleted

            $image = Get-Container web | Save-ContainerAsImage team/web:1 -Author tester -Message 'with data'
            $image.Tags | Should -Be 'team/web:1'
            $image.Author | Should -Be tester
            $image.Message | Should -Be 'with data'
            $image.Layers | Should -HaveCount 2
            $image.Layers[0].IsShared | Should -BeTrue
            (Get-Container web).State | Should -Be Running

            Start-LayerContainer team/web:1 -Command 'cat /data/file; ls /srv' -Attach -Remove | Should -Be kept
        }

        It 'names the image from the container when -Reference is left out or a script block' {
            (Get-Container web | Save-ContainerAsImage).Tags | Should -Contain 'web:latest'
            (Get-Container web | Save-ContainerAsImage -Reference { "$($_.Name):v2" }).Tags | Should -Contain 'web:v2'
            (Save-ContainerAsImage byname:1 -Name web).Tags | Should -Contain 'byname:1'
        }

        It 'makes a layer of the changes that are piped, and leaves out what is excluded' {
            Invoke-ContainerCommand web 'mkdir -p /cache; echo x >/cache/x; echo y >/y'
            $null = Get-ContainerChange web | Where-Object Path -notlike '/cache*' | Save-ContainerAsImage chosen:1 -Name web
            $null = Save-ContainerAsImage chosen:2 -Name web -Exclude /cache, '/tmp/*' -WarningVariable said -WarningAction SilentlyContinue
            foreach ($tag in 'chosen:1', 'chosen:2') {
                $paths = (Compare-LayerImage box $tag).Path
                $paths | Should -Contain '/y'
                $paths | Should -Not -Contain '/cache/x'
            }
            "$said" | Should -BeLike "*'/tmp/*' fits no change*"
        }

        It 'makes an image of an image in one pipeline, and says in its history what it was made of' {
            $image = Get-LayerImage team/web:1 | New-LayerContainer -Name again -Command true | Save-ContainerAsImage again:1 -Provenance -Author me -Message 'once more' -Change 'ENV A=b', 'EXPOSE 80'
            $image.Layers | Should -HaveCount 2
            $image.Config.Config.Env | Should -Contain 'A=b'
            $entry = Get-ImageHistory again:1 | Where-Object Provenance
            $entry.Comment | Should -Be 'once more'
            $entry.Provenance.Container | Should -Be again
            $entry.Provenance.Changes | Should -Be 'ENV A=b', 'EXPOSE 80'
            Remove-LayerContainer again
        }

        It 'makes one layer of all that the container shows' {
            $image = Get-Container web | Save-ContainerAsImage squashed:1 -Squash
            $image.Layers | Should -HaveCount 1
            Start-LayerContainer squashed:1 -Command 'cat /data/file' -Attach -Remove | Should -Be kept
            (Get-Failure { Get-Container web | Save-ContainerAsImage squashed:2 -Squash -Exclude /data }).FullyQualifiedErrorId | Should -BeLike 'ParameterInvalid,*'
        }

        It 'names each volume, whose data is not in the image' {
            $null = New-LayerContainer box -Name volumes -Volume "$($TestHost.Folder):/one", "$($TestHost.Folder):/two" -Command true
            $null = Get-Container volumes | Save-ContainerAsImage volumes:1 -WarningVariable said -WarningAction SilentlyContinue
            $said | Should -HaveCount 2
            "$said" | Should -BeLike '*/one *volume*/two *volume*'
            Remove-LayerContainer volumes
        }

        It 'refuses to give one name to two containers' {
            $null = New-LayerContainer box -Name other -Command sleep, 1
            $failures = $null
            $images = Get-Container web, other | Save-ContainerAsImage same:1 -ErrorVariable failures -ErrorAction SilentlyContinue
            $images | Should -HaveCount 1
            $failures[0].FullyQualifiedErrorId | Should -BeLike 'NameInUse,*'
            Remove-LayerContainer other
        }
    }

    Context 'The life of a container' {
        BeforeEach { $null = Start-LayerContainer box -Name life -StopTimeout 1 -Command 'trap "exit 5" TERM; echo started; while :; do sleep 0.1; done' }
        AfterEach { if (Get-Container 'lif*') { Remove-LayerContainer 'lif*' -Force } }

        It 'is suspended and resumed' {
            (Suspend-LayerContainer life -PassThru).State | Should -Be Paused
            (Resume-LayerContainer life -PassThru).State | Should -Be Running
        }

        It 'is stopped with its exit code, and waited for' {
            # Before that the shell has no handler, and the first process of a container is not ended by SIGTERM then.
            $null = Wait-LayerContainer life -Condition LogMatch -Pattern started -Timeout 10
            $stopped = Stop-LayerContainer life -PassThru -Timeout 5
            $stopped.State | Should -Be Exited
            $stopped.ExitCode | Should -Be 5
            (Wait-LayerContainer life -Timeout 5).ExitCode | Should -Be 5
        }

        It 'is waited for no longer than asked' {
            $failure = Get-Failure { Wait-LayerContainer life -Timeout 0 }
            $failure.FullyQualifiedErrorId | Should -BeLike 'WaitTimedOut,*'
            $failure.CategoryInfo.Category | Should -Be OperationTimeout
        }

        It 'has a log of records' {
            $null = Wait-LayerContainer life -Condition LogMatch -Pattern started -Timeout 10
            $record = Get-ContainerLog life | Select-Object -First 1
            $record.Message | Should -Be started
            $record.Stream | Should -Be Stdout
            $record.Timestamp | Should -BeOfType ([DateTimeOffset])
            Get-Container life | Get-ContainerLog -Tail 1 | Out-String | Should -Match 'started'
        }

        It 'is renamed and restarted' {
            (Rename-LayerContainer life lives -PassThru).Name | Should -Be lives
            $before = (Get-Container lives).StartedAt
            (Restart-LayerContainer lives -PassThru).StartedAt | Should -BeGreaterThan $before
        }

        It 'is not removed while it runs, unless by force' {
            $failure = Get-Failure { Remove-LayerContainer life }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ContainerRunning,*'
            Get-Container life | Remove-LayerContainer -Force
            Get-Container 'life*' | Should -BeNullOrEmpty
        }

        It 'changes nothing with -WhatIf' {
            Stop-LayerContainer life -WhatIf
            Restart-LayerContainer life -WhatIf
            Suspend-LayerContainer life -WhatIf
            Remove-LayerContainer life -Force -WhatIf
            Rename-LayerContainer life other -WhatIf
            Invoke-ContainerCommand life 'touch /whatif' -WhatIf
            Start-LayerContainer box true -Name whatif -WhatIf | Should -BeNullOrEmpty
            New-LayerContainer box true -Name whatif -WhatIf | Should -BeNullOrEmpty
            Get-Container life | Save-ContainerAsImage whatif -WhatIf | Should -BeNullOrEmpty

            (Get-Container life).State | Should -Be Running
            Get-Container 'whatif*', 'other*' | Should -BeNullOrEmpty
            Get-LayerImage 'whatif*' | Should -BeNullOrEmpty
            Get-ContainerChange life | Where-Object Path -eq '/whatif' | Should -BeNullOrEmpty
        }
    }
}
