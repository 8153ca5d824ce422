using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Base;

/// <summary>Ports as people write them: <c>9200</c>, <c>8000-8010</c>, either with a protocol as firewall-cmd has it: <c>9200/udp</c>.</summary>
internal static class PortArgument
{
    /// <summary>The port with each protocol that it is for.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="protocols">-Protocol.</param>
    /// <param name="isTyped">Whether somebody wrote -Protocol.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ParameterInvalid"/>.</exception>
    public static IEnumerable<(string Port, FirewallProtocol Protocol)> Read(string text, FirewallProtocol[] protocols, bool isTyped)
    {
        string[] parts = text.Split('/');
        return parts.Length == 1 ? protocols.Distinct().Select(protocol => (text, protocol)) : [(parts[0], ProtocolOf(text, parts, protocols, isTyped))];
    }

    private static FirewallProtocol ProtocolOf(string text, string[] parts, FirewallProtocol[] protocols, bool isTyped)
    {
        if (parts.Length > 2 || !Enum.TryParse(parts[1], ignoreCase: true, out FirewallProtocol protocol) || !Enum.IsDefined(protocol))
        {
            throw new LayerImageException(EngineError.PortInvalid, $"'{text}' is not a port with its protocol.") 
            { Target = text, Advice = "Write it as 9200/tcp, 9200/udp, 9200/sctp or 9200/dccp." };
        }
        return !isTyped || protocols is [var only] && only == protocol ? protocol
            : throw new LayerImageException(EngineError.ParameterInvalid, $"'{text}' says {parts[1]}, and -Protocol says {string.Join(", ", protocols)}.")
            {
                Target = text,
                Advice = "Name the protocol once.",
            };
    }
}
