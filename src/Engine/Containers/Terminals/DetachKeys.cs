namespace LayerImage.Engine.Containers;

/// <summary>
/// Looks for docker's detach keys, ctrl-p ctrl-q, in what is typed. A ctrl-p is held back until the next key tells
/// whether it was meant for the container: a shell there would take it for "the line before".
/// </summary>
internal sealed class DetachKeys
{
    private const byte CtrlP = 0x10, CtrlQ = 0x11;
    private bool _held;

    /// <summary>Copies what is to be passed on, one byte more than was typed at most, and returns its length; null when the keys were pressed.</summary>
    public int? Filter(ReadOnlySpan<byte> typed, Span<byte> passed)
    {
        int length = 0;
        foreach (byte key in typed)
        {
            if (_held && key == CtrlQ)
            {
                _held = false;
                return null;
            }
            if (_held)
            {
                passed[length++] = CtrlP;
            }
            _held = key == CtrlP;
            if (!_held)
            {
                passed[length++] = key;
            }
        }
        return length;
    }
}
