using System.Text;

namespace LayerImage.Shell;

/// <summary>How a terminal breaks a text into rows.</summary>
static class TextLayout
{
    /// <summary>Where a text that begins at the left margin ends.</summary>
    internal static (int Row, int Column) EndOf(string text, int width)
    {
        int row = 0, column = 0;
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (i > 0)
            {
                (row, column) = (row + 1, 0);
            }
            foreach (Rune rune in CellWidth.WithoutEscapes(lines[i]).EnumerateRunes())
            {
                int cells = CellWidth.Of(rune);
                if (column + cells > width)
                {
                    (row, column) = (row + 1, 0);
                }
                column += cells;
            }
            if (column == width)
            {
                (row, column) = (row + 1, 0);
            }
        }
        return (row, column);
    }
}
