namespace LayerImage.Engine.Containers;

/// <summary>
/// A command as a Dockerfile has it: one string is the shell form, several strings are the exec form. A single plain
/// word is executed as it is, so that images without a shell can be used.
/// </summary>
public static class CommandForm
{
    // What makes a single string more than one plain word to a shell.
    private const string ShellCharacters = " \t\n|&;<>()$`\\\"'*?[]#~=%!{}";

    /// <summary>The arguments to execute.</summary>
    public static IReadOnlyList<string> ToArguments(IReadOnlyList<string> command) =>
        command is [var only] && only.AsSpan().ContainsAny(ShellCharacters) ? ["/bin/sh", "-c", only] : command;
}
