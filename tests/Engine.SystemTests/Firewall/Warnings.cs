using LayerImage.Engine.Errors;

namespace LayerImage.Engine.SystemTests.Firewall;

/// <summary>Keeps what a firewall warns of.</summary>
internal sealed class Warnings : IEngineObserver
{
    public List<string> Texts { get; } = [];

    public void Verbose(string message)
    {
    }

    public void Warning(string message) => Texts.Add(message);

    public void Progress(TransferProgress progress)
    {
    }
}
