using LayerImage.Engine.Errors;
using Tmds.DBus.Protocol;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// firewalld's refusals in the engine's words. It answers with one D-Bus error whose text begins with the code of its
/// errors.py: <c>INVALID_ZONE: nosuch</c>.
/// </summary>
internal static class FirewalldErrors
{
    private const string NothingChanged = " Nothing was changed.";

    /// <summary>The code at the beginning of the text.</summary>
    public static string CodeOf(DBusErrorReplyException error) => (error.ErrorMessage ?? "").Split(':')[0].Trim();

    /// <summary>What was asked for is so already: success.</summary>
    public static bool IsAlreadySo(DBusErrorReplyException error) => CodeOf(error) is "ALREADY_ENABLED" or "NOT_ENABLED" or "ZONE_ALREADY_SET" or "ALREADY_SET";

    /// <summary>The error for the user.</summary>
    /// <param name="error">What the bus library threw, or a <see cref="TimeoutException"/>.</param>
    /// <param name="patience">How long it was waited for.</param>
    public static LayerImageException Explain(Exception error, TimeSpan patience) => error switch
    {
        DBusErrorReplyException reply => Explain(reply),
        TimeoutException =>
            new(EngineError.FirewallFailed, $"firewalld did not answer within {patience.TotalSeconds:0} seconds; what was asked of it may still happen.", error)
            {
                Target = "firewalld",
                Advice = "Look with Get-HostPortRule, or restart it (systemctl restart firewalld).",
            },
        _ => new(EngineError.FirewallFailed, $"The connection to firewalld broke: {error.Message}", error)
        {
            Target = "firewalld",
            Advice = "Look with Get-HostFirewall whether it runs, then try again.",
        },
    };

    private static LayerImageException Explain(DBusErrorReplyException reply)
    {
        string code = CodeOf(reply);
        string words = reply.ErrorMessage ?? reply.ErrorName;
        (EngineError kind, string? advice) = code switch
        {
            "INVALID_ZONE" => (EngineError.ZoneNotFound, "Get-HostFirewall lists the zones."),
            "INVALID_PORT" or "MISSING_PORT" =>
                (EngineError.PortInvalid, "Give a port from 1 to 65535 (9200), or a range with the lower port first (8000-8010)."),
            "NOT_ENABLED" => (EngineError.PortRuleNotFound, "Get-HostPortRule lists the rules."),
            "INVALID_SERVICE" => (EngineError.ServiceNotFound, "Tab after -Service lists the services."),
            "ZONE_CONFLICT" => (EngineError.ZoneConflict, "An interface or a source is in one zone only: take it out of the other one first."),
            "NAME_CONFLICT" => (EngineError.NameInUse, "Choose another name."),
            "PANIC_MODE" =>
                (EngineError.FirewallPanic, "firewalld is in panic mode and lets nothing through: end that first (Set-HostFirewall -Panic:$false)."),
            "NOT_AUTHORIZED" or "ACCESS_DENIED" => (EngineError.NotPrivileged, "Run it as root (sudo)."),
            "RUNNING_BUT_FAILED" or "COMMAND_FAILED" => (EngineError.FirewallFailed, "firewalld's log says more: journalctl -u firewalld."),
            _ when code.StartsWith("INVALID_", StringComparison.Ordinal)
                || code.StartsWith("MISSING_", StringComparison.Ordinal)
                || code.StartsWith("BUILTIN_", StringComparison.Ordinal)
                => (EngineError.ParameterInvalid, null),
            _ when IsDenied(reply.ErrorName) => (EngineError.NotPrivileged, "Run it as root (sudo)."),
            _ when reply.ErrorName is "org.freedesktop.DBus.Error.ServiceUnknown"
                or "org.freedesktop.DBus.Error.NameHasNoOwner"
                or "org.freedesktop.DBus.Error.NoReply"
                => (EngineError.FirewallFailed, "firewalld ended meanwhile: look with Get-HostFirewall whether it runs, then try again."),
            _ => (EngineError.FirewallFailed, "firewalld's log says more: journalctl -u firewalld."),
        };
        return new LayerImageException(kind, $"firewalld refused: {words}.", reply)
        {
            Target = words.Contains(": ", StringComparison.Ordinal) ? words[(words.IndexOf(": ", StringComparison.Ordinal) + 2)..] : null,
            Advice = kind == EngineError.FirewallFailed ? advice : advice + NothingChanged,
        };
    }

    // The bus itself, and polkit by firewalld's own class.
    private static bool IsDenied(string name) =>
        name == "org.freedesktop.DBus.Error.AccessDenied" || name.Contains("NotAuthorized", StringComparison.Ordinal);
}
