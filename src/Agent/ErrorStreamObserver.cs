using LayerImage.Engine.Errors;

namespace LayerImage.Agent;

/// <summary>Writes warnings where a service manager's journal finds them.</summary>
internal sealed class ErrorStreamObserver : IEngineObserver
{
    public void Verbose(string message)
    {
    }

    public void Warning(string message) => Console.Error.WriteLine(message);

    public void Progress(TransferProgress progress)
    {
    }
}
