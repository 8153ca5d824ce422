using System.Management.Automation.Host;

namespace LayerImage.Shell;

/// <summary>The terminal as a grid. Only what formatting and scripts ask for: size, colours, title, keys.</summary>
sealed class ShellRawUserInterface : PSHostRawUserInterface
{
    const int DefaultWidth = 120, DefaultHeight = 40;

    public override Size BufferSize
    {
        get => new(Measure(() => Console.BufferWidth, DefaultWidth), Measure(() => Console.BufferHeight, DefaultHeight));
        set => throw new NotSupportedException();
    }

    public override Size WindowSize
    {
        get => new(Measure(() => Console.WindowWidth, DefaultWidth), Measure(() => Console.WindowHeight, DefaultHeight));
        set => throw new NotSupportedException();
    }

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    // "As it is": a terminal does not tell its colours.
    public override ConsoleColor ForegroundColor { get; set; } = (ConsoleColor)(-1);

    public override ConsoleColor BackgroundColor { get; set; } = (ConsoleColor)(-1);

    public override Coordinates CursorPosition
    {
        get => Console.IsOutputRedirected || Console.IsInputRedirected ? new Coordinates(0, 0) : new Coordinates(Console.CursorLeft, Console.CursorTop);
        set => Console.SetCursorPosition(value.X, value.Y);
    }

    public override int CursorSize
    {
        get => 25;
        set
        {
        }
    }

    public override Coordinates WindowPosition
    {
        get => new(0, 0);
        set
        {
        }
    }

    public override string WindowTitle
    {
        get => "";
        set
        {
            if (ShellUserInterface.IsTerminal)
            {
                Console.Title = value;
            }
        }
    }

    public override bool KeyAvailable => !Console.IsInputRedirected && Console.KeyAvailable;

    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        ConsoleKeyInfo key = Console.ReadKey((options & ReadKeyOptions.NoEcho) != 0);
        return new KeyInfo((int)key.Key, key.KeyChar, 0, keyDown: (options & ReadKeyOptions.IncludeKeyDown) != 0);
    }

    public override void FlushInputBuffer()
    {
        while (KeyAvailable)
        {
            Console.ReadKey(intercept: true);
        }
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw new NotSupportedException();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException();

    // Clear-Host asks for the whole screen with a rectangle of -1.
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
        if (ShellUserInterface.IsTerminal)
        {
            Console.Clear();
        }
    }

    public override int LengthInBufferCells(char source) => CellWidth.Of(source);

    public override int LengthInBufferCells(string source) => CellWidth.Of(source);

    public override int LengthInBufferCells(string source, int offset) => CellWidth.Of(source.AsSpan(offset));

    static int Measure(Func<int> measure, int fallback)
    {
        if (Console.IsOutputRedirected)
        {
            return fallback;
        }
        try
        {
            return measure() is > 0 and int size ? size : fallback;
        }
        catch (IOException)
        {
            return fallback;
        }
    }
}
