using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Refuses what the kernel or the OCI runtime would refuse later and in fewer words: all that can be told of a request
/// alone, before its image is received.
/// </summary>
internal static class RequestChecks
{
    private const int LongestHostname = 63; // a label of RFC 1123 2.1; sethostname(2) takes one more

    private const long LeastMemory = 6 << 20; // docker's: the runtime itself needs some

    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>.</exception>
    public static void Run(ContainerRequest request)
    {
        if (request.Name is not null)
        {
            ContainerNames.Check(request.Name);
        }
        if (request.Cpu is decimal cpu && (cpu < 0.01m || cpu > Environment.ProcessorCount))
        {
            throw Invalid($"{cpu} processors cannot be given.", cpu, $"Give from 0.01 to {Environment.ProcessorCount}, which this machine has.");
        }
        if (request.Memory is (< 0 or (> 0 and < LeastMemory)) and long memory)
        {
            throw Invalid($"{memory} bytes of memory are too few for a container.", memory, "Give 6 MiB or more, such as 512m; 0 is no limit.");
        }
        if (request.PidsLimit is < -1 and long pids)
        {
            throw Invalid($"{pids} is no limit for processes.", pids, "Give 1 or more; 0 and -1 are no limit.");
        }
        if (request.WorkingDirectory is { Length: > 0 } directory && directory[0] != '/')
        {
            throw Invalid($"The working directory '{directory}' is not absolute.", directory, "Begin it with '/'.");
        }
        if (request.Hostname is string hostname && !IsHostname(hostname))
        {
            throw Invalid($"'{hostname}' is no host name.", hostname, $"Use letters, digits, '-' and '.', at most {LongestHostname} characters (RFC 1123).");
        }
        RequireBridge(request.Publish.Count, request.Network);
        if (request.Network == NetworkMode.Host && request.Sysctls.FirstOrDefault(parameter => parameter.IsOfNetwork) is Sysctl hosts)
        {
            throw Invalid($"The kernel parameter '{hosts}' cannot be set: in the host's network it is the host's.", hosts.ToString(), "Leave it out, or leave -Network out.");
        }
        request.Environment.ToList().ForEach(RequireVariable);
        _ = LinuxCapabilities.Resolve(request.CapAdd, request.CapDrop, request.Privileged, new HashSet<string>());
        if (request.StopSignal is not null)
        {
            _ = Signals.Parse(request.StopSignal);
        }
        _ = request.Init ? InitProgram.Get() : null;
        VolumeMount.RequireAll(request.Volumes);
        if (request.Volumes.Select(volume => volume.Destination).Concat(request.Tmpfs.Select(tmpfs => tmpfs.Path)).GroupBy(place => place).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw Invalid($"Two volumes are to be mounted at '{twice.Key}'.", twice.Key, "Give each another place in the container.");
        }
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>.</exception>
    public static void RequireBridge(int published, NetworkMode network)
    {
        if (published > 0 && network != NetworkMode.Bridge)
        {
            throw new LayerImageException(EngineError.PortInvalid, $"Ports are published from the bridge network, not from '{network}'.") { Target = network.ToString(), Advice = "Leave -Network out." };
        }
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>.</exception>
    public static void RequireVariable(string variable)
    {
        if (variable.Length == 0 || variable[0] == '=')
        {
            throw Invalid($"'{variable}' is not an environment variable.", variable, "Write NAME=value.");
        }
    }

    private static bool IsHostname(string text) => text.Length is > 0 and <= LongestHostname && text[0] is not ('-' or '.') && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');

    private static LayerImageException Invalid(string what, object target, string advice) =>
        new(EngineError.ParameterInvalid, what) { Target = target, Advice = advice };
}
