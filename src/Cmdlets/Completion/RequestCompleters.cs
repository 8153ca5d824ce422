using System.Collections;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Completion;

/// <summary>Completes signals.</summary>
public sealed class SignalCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) => RequestVocabulary.Signals.Select(name => (name, name));
}

/// <summary>Completes capabilities.</summary>
public sealed class CapabilityCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) => RequestVocabulary.Capabilities.Select(name => (name, name));
}

/// <summary>Completes resource limits up to their values.</summary>
public sealed class UlimitCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) =>
        RequestVocabulary.Ulimits.Select(name => (name + "=", $"{name}=soft:hard"));
}

/// <summary>Completes ports to publish: those that the image exposes, at the same port of the host.</summary>
public sealed class PublishCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound)
    {
        string image = bound["Image"] as string ?? "";
        IEnumerable<string> exposed = image.Length == 0 ? [] : EngineSession.Get((string?)null).Images.Get(image).Config.Config?.ExposedPorts?.Keys ?? [];
        foreach (string port in exposed.Order(StringComparer.Ordinal))
        {
            string number = port.Split('/')[0];
            yield return (port.EndsWith("/tcp", StringComparison.Ordinal) ? $"{number}:{number}" : $"{number}:{port}", $"{image} exposes {port}");
        }
    }
}

/// <summary>Completes platforms of images.</summary>
public sealed class PlatformCompleter : NameCompleter
{
    // What Docker's official images are made for.
    private static readonly string[] s_common = ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/ppc64le", "linux/riscv64", "linux/s390x"];

    /// <inheritdoc/>
    protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) => s_common.Select(name => (name, name));
}
