using System.Management.Automation;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Base;

/// <summary>Makes error records: the ErrorId is the engine's error name, the category comes from one table.</summary>
internal static class ErrorMap
{
    /// <summary>A record for an engine's failure on what the user gave.</summary>
    public static ErrorRecord ToRecord(LayerImageException exception, object? input)
    {
        ErrorRecord record = new(exception, exception.Error.ToString(), CategoryOf(exception.Error), input ?? exception.Target);
        if (exception.Advice is not null)
        {
            record.ErrorDetails = new ErrorDetails(exception.Message) { RecommendedAction = exception.Advice };
        }
        return record;
    }

    /// <summary>Whether going on with the next input makes no sense: no store, no privilege, no tool.</summary>
    public static bool IsFatal(EngineError error) =>
        error is EngineError.NotPrivileged or EngineError.ToolMissing or EngineError.StoreNotSupported or EngineError.NotSupportedByKernel
            or EngineError.RootNotIsolated;

    /// <summary>The category of each error.</summary>
    public static ErrorCategory CategoryOf(EngineError error) => error switch
    {
        EngineError.ImageNotFound or EngineError.ContainerNotFound or EngineError.RegistryImageNotFound or EngineError.PlatformNotFound
            or EngineError.ZoneNotFound or EngineError.ServiceNotFound or EngineError.PortRuleNotFound
            or EngineError.CommandNotFound or EngineError.UserNotFound
            or EngineError.RegistryLoginNotFound or EngineError.LayerNotFound or EngineError.MountNotFound => ErrorCategory.ObjectNotFound,
        EngineError.ReferenceInvalid or EngineError.NameInvalid or EngineError.PortInvalid or EngineError.VolumeInvalid
            or EngineError.ParameterInvalid or EngineError.PathInvalid or EngineError.AmbiguousId => ErrorCategory.InvalidArgument,
        EngineError.ImageInUse or EngineError.MountInUse or EngineError.PortInUse or EngineError.StoreLocked => ErrorCategory.ResourceBusy,
        EngineError.NameInUse or EngineError.ZoneConflict => ErrorCategory.ResourceExists,
        EngineError.ContainerRunning or EngineError.ContainerNotRunning or EngineError.FirewallNotRunning
            or EngineError.FirewallOwned or EngineError.FirewallPanic
            or EngineError.CommandNotExecutable or EngineError.RootNotIsolated => ErrorCategory.InvalidOperation,
        EngineError.RegistryUnreachable => ErrorCategory.ConnectionError,
        EngineError.RegistryUnauthorized => ErrorCategory.AuthenticationError,
        EngineError.CredentialHelperFailed => ErrorCategory.ResourceUnavailable,
        EngineError.RegistryProtocolError => ErrorCategory.ProtocolError,
        EngineError.DigestMismatch or EngineError.SizeMismatch or EngineError.ManifestInvalid or EngineError.LayerInvalid
            or EngineError.LayerCorrupt or EngineError.FirewallConfigurationInvalid or EngineError.RegistryConfigurationInvalid => ErrorCategory.InvalidData,
        EngineError.LayerTooLarge => ErrorCategory.LimitsExceeded,
        EngineError.ManifestNotSupported or EngineError.StoreNotSupported or EngineError.NotSupportedByKernel => ErrorCategory.NotImplemented,
        EngineError.NotPrivileged or EngineError.RegistryBlocked => ErrorCategory.PermissionDenied,
        EngineError.ToolMissing or EngineError.ServiceManagerMissing => ErrorCategory.NotInstalled,
        EngineError.DiskFull or EngineError.AddressExhausted => ErrorCategory.ResourceUnavailable,
        EngineError.WaitTimedOut => ErrorCategory.OperationTimeout,
        _ => ErrorCategory.NotSpecified,
    };
}
