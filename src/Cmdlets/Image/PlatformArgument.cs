using LayerImage.Engine.Errors;
using OciPlatform = LayerImage.Engine.Oci.Platform;

namespace LayerImage.Cmdlets.Base;

/// <summary>Reads -Platform.</summary>
internal static class PlatformArgument
{
    /// <exception cref="LayerImageException">ParameterInvalid.</exception>
    public static OciPlatform Parse(string text)
    {
        try
        {
            return OciPlatform.Parse(text);
        }
        catch (FormatException e)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, e.Message, e) { Target = text, Advice = "Write os/architecture, such as linux/arm64." };
        }
    }
}
