namespace LayerImage.Engine.Firewall;

/// <summary>Which of the two configurations of a firewall a change is for.</summary>
public enum PortRuleScope : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>Both, or neither when one of them cannot be changed.</summary>
    Both,
    /// <summary>The kernel: at once, until the next Sync or reboot.</summary>
    Runtime,
    /// <summary>The disk: from the next Sync or start on.</summary>
    Permanent,
}
