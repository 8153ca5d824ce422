using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Registry;

/// <summary>
/// A conversation that was established broke before its answer: another try may help. It never leaves
/// <see cref="RetryPolicy.RunAsync"/>, which throws the failure itself in the end.
/// </summary>
internal sealed class BrokenAnswerException(LayerImageException failure) : Exception(failure.Message, failure)
{
    public LayerImageException Failure => failure;
}
