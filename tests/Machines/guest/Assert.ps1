# What a machine says: one line for each test on its second serial port, which nothing else writes to.
#   TEST PASS 1234 Subject_Behaviour             the milliseconds and the name
#   TEST FAIL 1234 Subject_Behaviour: the text   on one line, its line feeds as \n
#   NOTE text                                    for people
#   END 31                                       the last line, with the number of tests

$script:Channel = [IO.FileStream]::new('/dev/ttyS1', [IO.FileMode]::Open, [IO.FileAccess]::Write)

function Write-Channel([string] $Line) {
    $script:Channel.Write([Text.Encoding]::UTF8.GetBytes($Line.Replace('\', '\\').Replace("`r", '').Replace("`n", '\n') + "`n"))
    $script:Channel.Flush()
}

# Runs a test: it fails when it throws. How many there were is kept on the disk, over the reset.
function Test-That([string] $Name, [scriptblock] $Body) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    try {
        $null = & $Body
        Write-Channel "TEST PASS $($watch.ElapsedMilliseconds) $Name"
    }
    catch {
        $id = if ($_.FullyQualifiedErrorId -ne "$_") { "$($_.FullyQualifiedErrorId): " }
        Write-Channel "TEST FAIL $($watch.ElapsedMilliseconds) ${Name}: $id$_`n$($_.ScriptStackTrace)"
    }
    $count = if ([IO.File]::Exists('/var/tests')) { [int][IO.File]::ReadAllText('/var/tests') } else { 0 }
    [IO.File]::WriteAllText('/var/tests', "$($count + 1)")
}

function Assert-Equal($Expected, $Actual, [string] $What = 'The value') {
    if ("$Expected" -cne "$Actual") { throw "$What should be '$Expected' and is '$Actual'." }
}

function Assert-Match([string] $Pattern, $Actual, [string] $What = 'The text') {
    if ("$Actual" -notmatch $Pattern) { throw "$What should match '$Pattern' and is '$Actual'." }
}

function Assert-Empty($Actual, [string] $What = 'This') {
    $items = @($Actual | Where-Object { $_ })
    if ($items.Count -gt 0) { throw "$What should be empty and is: $($items -join '; ')" }
}

# The error that a script block ends with, by its id without the cmdlet's name.
function Assert-Error([string] $Expected, [scriptblock] $Script) {
    try { $null = & $Script }
    catch {
        Assert-Equal $Expected ($_.FullyQualifiedErrorId -split ',')[0] "The error of {$Script}"
        return
    }
    throw "{$Script} should fail with $Expected and does not fail."
}

# A program's output; it must succeed. What it says on its error stream is no output.
# Without parameters of its own, which would take the program's.
function Invoke-Native {
    # A single one would be a text, of which splatting takes the letters.
    $program, $arguments = $args[0], @($args | Select-Object -Skip 1)
    $output = & $program @arguments 2>&1
    if ($LASTEXITCODE -ne 0) { throw "$args ended with exit code ${LASTEXITCODE}: $output" }
    $output | Where-Object { $_ -isnot [Management.Automation.ErrorRecord] }
}

# The status of a page, when the server needs a moment: 'none' when nobody answers for half a minute.
function Get-PageStatus([int] $Port) {
    for ($attempt = 0; $attempt -lt 60; $attempt++) {
        if ("$(busybox timeout 10 busybox wget -q -S -O - "http://127.0.0.1:$Port/" 2>&1)" -match 'HTTP/1\.\d (\d+)') { return $Matches[1] }
        Start-Sleep -Milliseconds 500
    }
    'none'
}
