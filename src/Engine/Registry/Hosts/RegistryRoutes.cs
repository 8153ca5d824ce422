using LayerImage.Engine.Errors;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Registry.Hosts;

/// <summary>Where an image's repository is asked for: the registry itself, and the mirrors to ask before it.</summary>
/// <param name="Origin">The registry.</param>
/// <param name="Mirrors">The mirrors, in their order.</param>
internal sealed record RegistryRoute(RegistryEndpoint Origin, IReadOnlyList<RegistryEndpoint> Mirrors);

/// <summary>Applies the rules of registries.json to names.</summary>
/// <param name="rules">The rules.</param>
/// <param name="hasCertificates">Whether certificates are configured for a registry: it then speaks TLS, also on the loopback.</param>
internal sealed class RegistryRoutes(RegistryRules rules, Func<string, bool> hasCertificates)
{
    /// <summary>The way to an image's repository.</summary>
    /// <exception cref="LayerImageException">RegistryBlocked, or RegistryConfigurationInvalid: a rule leads to no repository.</exception>
    public RegistryRoute Of(ImageReference reference)
    {
        string name = reference.Name;
        RegistryRule? rule = rules.Find(name);
        RefuseBlocked(rule, name);
        if (rule is null)
        {
            return new RegistryRoute(Endpoint(name), []);
        }
        string location = rule.Location is null ? name : rule.Replace(name, rule.Location);
        RefuseBlocked(rules.Find(location), location);
        IEnumerable<string> mirrors = rule.Mirrors.Select(mirror => rule.Replace(name, mirror)).Where(mirror => rules.Find(mirror)?.IsBlocked != true);
        return new RegistryRoute(Endpoint(location), [.. mirrors.Select(Endpoint)]);
    }

    /// <summary>The way to a registry as a whole, to log in.</summary>
    /// <exception cref="LayerImageException">RegistryBlocked.</exception>
    public RegistryEndpoint OfRegistry(string registry)
    {
        RegistryRule? rule = rules.Find(registry);
        RefuseBlocked(rule, registry);
        string location = rule?.Location ?? registry;
        return Endpoint(location.Split('/')[0], "");
    }

    private RegistryEndpoint Endpoint(string name)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 ? Endpoint(name[..slash], name[(slash + 1)..])
            : throw new LayerImageException(EngineError.RegistryConfigurationInvalid,
                $"registries.json leads to '{name}', which is a registry and no repository.")
            { Target = name, Advice = "A location or mirror of a single repository needs the repository's path too." };
    }

    private RegistryEndpoint Endpoint(string registry, string repository)
    {
        bool? insecure = rules.Find(repository.Length == 0 ? registry : $"{registry}/{repository}")?.IsInsecure;
        bool plain = insecure != false && RegistryEndpoint.IsLoopback(registry) && !hasCertificates(registry);
        return new RegistryEndpoint(registry, repository, plain, insecure == true);
    }

    private static void RefuseBlocked(RegistryRule? rule, string name)
    {
        if (rule is { IsBlocked: true })
        {
            throw new LayerImageException(EngineError.RegistryBlocked, $"{name} is not asked for: registries.json blocks {rule.Prefix}.")
            { Target = name, Advice = "Take the image from another registry, or have the rule changed." };
        }
    }
}
