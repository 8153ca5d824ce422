namespace LayerImage.Engine.Runtime;

/// <summary>Where and how a container is frozen; the same for both versions of control groups.</summary>
/// <param name="ControlFile">The file that is written.</param>
/// <param name="FreezeWord">What freezes.</param>
/// <param name="ThawWord">What thaws.</param>
/// <param name="StateFile">The file that tells.</param>
/// <param name="FrozenLine">Its line when every process is frozen.</param>
internal sealed record CgroupFreezer(string ControlFile, string FreezeWord, string ThawWord, string StateFile, string FrozenLine)
{
    /// <summary>Every process is frozen.</summary>
    public bool IsFrozen()
    {
        try
        {
            return File.ReadLines(StateFile).Contains(FrozenLine);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
