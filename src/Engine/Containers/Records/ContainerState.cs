namespace LayerImage.Engine.Containers;

/// <summary>What a container does.</summary>
public enum ContainerState : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>It has not been started yet.</summary>
    Created,
    /// <summary>A process is starting it now.</summary>
    Starting,
    /// <summary>Its program runs.</summary>
    Running,
    /// <summary>Its program is frozen.</summary>
    Paused,
    /// <summary>Its program has ended.</summary>
    Exited,
}
