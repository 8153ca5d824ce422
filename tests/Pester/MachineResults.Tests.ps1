# What a machine says is read by the host: nothing that it does not say may count as passed.

Describe 'The results of a machine' {
    BeforeAll {
        . "$PSScriptRoot/../../tools/Machine.Functions.ps1"
        $Seen = [Collections.Generic.List[string]]::new()
        function Add-Result([string] $Status, [string] $Name, [string] $Text) { $Seen.Add("$Status ${Name}: $Text") }
        function Write-Line { }
        function Read-Lines([string[]] $Lines) {
            $Seen.Clear()
            [IO.File]::WriteAllText("$TestDrive/results", ($Lines | ForEach-Object { "$_`r`n" }) -join '')
            Read-MachineResult M $TestDrive 7
        }
    }

    It 'are one for each test, and one for the end' {
        Read-Lines 'NOTE Linux', 'TEST PASS 12 A_Works', 'TEST FAIL 5 B_Works: it is C:\\x\nand more', 'END 2'
        $Seen | Should -Be 'Pass M.A_Works: ', "Fail M.B_Works: it is C:\x`nand more", 'Pass M.End_IsReached: '
    }

    It 'fail when a line was lost' {
        Read-Lines 'TEST PASS 12 A_Works', 'TEST PA', 'END 2'
        $Seen[-1] | Should -Be 'Fail M.End_IsReached: It ran 2 tests, of which 1 were heard.'
    }

    It 'fail when the end never came, with what the console showed' {
        [IO.File]::WriteAllText("$TestDrive/console", "one`nKernel panic`n")
        Read-Lines 'TEST PASS 12 A_Works'
        $Seen[-1] | Should -Match '^Fail M.End_IsReached: After 1 tests .* exit code 7\.[\s\S]*Kernel panic'
    }

    It 'fail when there are none' {
        Read-MachineResult M "$TestDrive/nothing" 1
        $Seen[-1] | Should -BeLike 'Fail M.End_IsReached: After 0 tests*'
    }
}
