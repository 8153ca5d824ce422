using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Containers;

/// <summary>
/// A kernel parameter that a container has for itself, namespaces(7). <see cref="ToString"/> yields docker's syntax and
/// <see cref="Parse"/> takes it.
/// </summary>
/// <param name="Name">Its name: "net.core.somaxconn".</param>
/// <param name="Value">What it is to be.</param>
public sealed record Sysctl(string Name, string Value)
{
    // Those of the network's and the IPC namespace (docker/cli, opts/opts.go, ValidateSysctl). All others are the host's.
    private static readonly string[] s_names =
        ["kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"];

    private const string Network = "net.", MessageQueues = "fs.mqueue.";

    /// <summary>Whether it belongs to the network: in the host's own it would be the host's.</summary>
    internal bool IsOfNetwork => Name.StartsWith(Network, StringComparison.Ordinal);

    /// <summary>Reads <c>name=value</c>.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>: the text is not of that form, or the parameter is no container's own.</exception>
    public static Sysctl Parse(string text)
    {
        string[] parts = text.Split('=', 2);
        string name = parts[0].Trim();
        if (!IsContainersOwn(name))
        {
            throw Invalid(text, $"'{name}' is no parameter that a container has for itself", $"There are {string.Join(", ", s_names)}, {MessageQueues}* and {Network}*.");
        }
        return parts is [_, { Length: > 0 } value] ? new Sysctl(name, value) : throw Invalid(text, "it has no value", "Write -Sysctl name=value, or a hashtable.");
    }

    /// <summary>Docker's syntax.</summary>
    public override string ToString() => $"{Name}={Value}";

    // A path is made of the name: nothing in it may lead anywhere else.
    private static bool IsContainersOwn(string name) => s_names.Contains(name)
        || ((name.StartsWith(Network, StringComparison.Ordinal) || name.StartsWith(MessageQueues, StringComparison.Ordinal))
            && name.Split('.').All(part => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')));

    private static LayerImageException Invalid(string text, string why, string advice) =>
        new(EngineError.ParameterInvalid, $"The kernel parameter '{text}' cannot be set: {why}.") { Target = text, Advice = advice };
}
