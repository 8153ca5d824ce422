using System.Management.Automation;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Base;

/// <summary>Lists something that firewalld has beside its zones, by name.</summary>
public abstract class FirewalldObjectCommand<T> : HostFirewallCommand where T : notnull
{
    /// <summary>Only these (wildcards).</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [NameTransformation("Name")]
    public string[]? Name { get; set; }

    /// <summary>Those on the disk, and not those that hold now.</summary>
    [Parameter]
    public SwitchParameter Permanent { get; set; }

    /// <summary>All of them; an object's text is its name.</summary>
    protected abstract IReadOnlyList<T> Find();

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<T> all = Find();
        if (all.Count > 0 && Firewall.Backend == FirewallBackend.Nftables)
        {
            Observer.Warning("The module's own firewall keeps these files and does not apply them: only firewalld does.");
        }
        return ForEachAsync(Name ?? ["*"], name =>
        {
            bool isPattern = Name is null || IsPattern(nameof(Name), name);
            WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
            T[] found = [.. all.Where(item => isPattern ? pattern.IsMatch(item.ToString()) : item.ToString() == name)];
            if (found.Length == 0 && !isPattern)
            {
                throw new LayerImageException(EngineError.ParameterInvalid, $"firewalld has no such object '{name}'.")
                {
                    Target = name,
                    Advice = $"There are: {(all.Count == 0 ? "none" : string.Join(", ", all))}.",
                };
            }
            WriteObject(found, enumerateCollection: true);
            return Task.CompletedTask;
        });
    }
}
