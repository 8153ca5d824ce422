namespace LayerImage.Engine.Errors;

/// <summary>
/// Every way in which the engine can fail that is not a bug. The names are the cmdlets' ErrorIds and
/// therefore part of the public surface: add, never rename.
/// </summary>
public enum EngineError
{
    /// <summary>No image has that name or id.</summary>
    ImageNotFound,
    /// <summary>An image is used by a container or has several tags.</summary>
    ImageInUse,
    /// <summary>An id prefix fits several objects.</summary>
    AmbiguousId,
    /// <summary>An image reference does not follow the grammar.</summary>
    ReferenceInvalid,
    /// <summary>No container has that name or id.</summary>
    ContainerNotFound,
    /// <summary>A container name is taken.</summary>
    NameInUse,
    /// <summary>A container name has characters that are not allowed.</summary>
    NameInvalid,
    /// <summary>The container runs, and what was asked needs it stopped.</summary>
    ContainerRunning,
    /// <summary>The container does not run, and what was asked needs it to.</summary>
    ContainerNotRunning,
    /// <summary>The program is not in the image (exit code 127).</summary>
    CommandNotFound,
    /// <summary>The program cannot be executed (exit code 126).</summary>
    CommandNotExecutable,
    /// <summary>The user or group is not in the image.</summary>
    UserNotFound,
    /// <summary>The registry cannot be reached.</summary>
    RegistryUnreachable,
    /// <summary>The registry refuses: log in, or the repository is private.</summary>
    RegistryUnauthorized,
    /// <summary>The registry does not have that image.</summary>
    RegistryImageNotFound,
    /// <summary>The registry answered with something that breaks the protocol.</summary>
    RegistryProtocolError,
    /// <summary>The user's settings (registries.json) block the registry.</summary>
    RegistryBlocked,
    /// <summary>A file with settings, certificates or log-ins for registries is malformed.</summary>
    RegistryConfigurationInvalid,
    /// <summary>There is no log-in for that registry.</summary>
    RegistryLoginNotFound,
    /// <summary>A credential helper is missing or failed.</summary>
    CredentialHelperFailed,
    /// <summary>The bytes received are not those the digest names.</summary>
    DigestMismatch,
    /// <summary>A blob ended early or is longer than its descriptor says.</summary>
    SizeMismatch,
    /// <summary>A manifest or configuration is malformed or too large.</summary>
    ManifestInvalid,
    /// <summary>The image format is known and not supported (schema 1, an artifact).</summary>
    ManifestNotSupported,
    /// <summary>No image in an index fits the platform asked for.</summary>
    PlatformNotFound,
    /// <summary>A layer's tar is malformed or tries to leave its root.</summary>
    LayerInvalid,
    /// <summary>A layer unpacks to more than the limits allow.</summary>
    LayerTooLarge,
    /// <summary>A stored layer or blob is damaged or missing.</summary>
    LayerCorrupt,
    /// <summary>An archive leaves out layers that are not in the store.</summary>
    LayerNotFound,
    /// <summary>A lock was not free in time.</summary>
    StoreLocked,
    /// <summary>The store was written by a newer version, or is not a store.</summary>
    StoreNotSupported,
    /// <summary>The disk is full.</summary>
    DiskFull,
    /// <summary>A path given by the user does not exist or is of the wrong kind.</summary>
    PathInvalid,
    /// <summary>No union is mounted at that path or of that image.</summary>
    MountNotFound,
    /// <summary>A union, or a folder that it needs, is in use.</summary>
    MountInUse,
    /// <summary>A mount failed.</summary>
    MountFailed,
    /// <summary>The kernel lacks what was asked.</summary>
    NotSupportedByKernel,
    /// <summary>Root is needed.</summary>
    NotPrivileged,
    /// <summary>A program that the engine uses is not installed.</summary>
    ToolMissing,
    /// <summary>The OCI runtime or the monitor failed.</summary>
    RuntimeFailed,
    /// <summary>The root directory is not that of its mount namespace (a chroot), so that what is started could end outside it.</summary>
    RootNotIsolated,
    /// <summary>A network could not be set up.</summary>
    NetworkFailed,
    /// <summary>A port specification is malformed.</summary>
    PortInvalid,
    /// <summary>A host port is taken.</summary>
    PortInUse,
    /// <summary>No free address is left in the container network.</summary>
    AddressExhausted,
    /// <summary>A volume or mount specification is malformed.</summary>
    VolumeInvalid,
    /// <summary>A parameter's value is malformed.</summary>
    ParameterInvalid,
    /// <summary>The host firewall does not run.</summary>
    FirewallNotRunning,
    /// <summary>The host firewall could not be changed.</summary>
    FirewallFailed,
    /// <summary>Another program owns the host's firewall.</summary>
    FirewallOwned,
    /// <summary>A zone is not known.</summary>
    ZoneNotFound,
    /// <summary>A firewall service is not known.</summary>
    ServiceNotFound,
    /// <summary>An interface or a source is in another zone already.</summary>
    ZoneConflict,
    /// <summary>The host firewall is in panic mode: nothing goes through, and no rule can be changed.</summary>
    FirewallPanic,
    /// <summary>A port rule does not exist.</summary>
    PortRuleNotFound,
    /// <summary>A firewall configuration file is malformed.</summary>
    FirewallConfigurationInvalid,
    /// <summary>There is no service manager (systemd) on this host.</summary>
    ServiceManagerMissing,
    /// <summary>A wait ended without its condition.</summary>
    WaitTimedOut,
    /// <summary>A system call failed in a way that has no name of its own.</summary>
    SystemCallFailed,
}
