using System.Security.Cryptography;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Containers;

/// <summary>Checks names of containers and makes them up: an adjective and a noun of the layered world.</summary>
internal static class ContainerNames
{
    private static readonly string[] s_adjectives =
    [
        "agile", "amber", "ample", "arctic", "azure", "balmy", "bold", "brave", "bright", "brisk", "calm", "candid", "clear", "clever", "cosy", "crisp",
        "daring", "deft", "eager", "early", "easy", "fair", "fancy", "fast", "fine", "firm", "fond", "frank", "free", "fresh", "gentle", "glad",
        "golden", "grand", "green", "handy", "happy", "hardy", "hearty", "honest", "humble", "jolly", "keen", "kind", "lively", "loyal", "lucid", "lucky",
        "mellow", "merry", "mild", "modest", "neat", "nimble", "noble", "patient", "placid", "polite", "prime", "proud", "quick", "quiet", "rapid", "ready",
        "robust", "rosy", "serene", "sharp", "silent", "silver", "sleek", "smart", "snug", "solid", "sound", "spry", "steady", "still", "stout", "sunny",
        "swift", "tidy", "topaz", "true", "trusty", "upbeat", "vivid", "warm", "wise", "witty", "zesty",
    ];

    private static readonly string[] s_nouns =
    [
        "agate", "basalt", "beach", "boulder", "brook", "canyon", "cavern", "chalk", "clay", "cliff", "coal", "coral", "cove", "crater", "creek", "crystal",
        "delta", "dolomite", "dune", "fjord", "flint", "fossil", "garnet", "gneiss", "gorge", "granite", "gravel", "grotto", "gulf", "harbour", "hill", "island",
        "jade", "jasper", "lagoon", "lake", "lava", "limestone", "loam", "magma", "mantle", "marble", "marsh", "meadow", "mesa", "mica", "moraine", "mountain",
        "obsidian", "onyx", "opal", "pebble", "peat", "plain", "plateau", "pumice", "quarry", "quartz", "ravine", "reef", "ridge", "river", "sand", "sandstone",
        "schist", "shale", "shore", "slate", "spring", "strata", "summit", "terrace", "tuff", "tundra", "valley", "volcano", "zircon",
    ];

    /// <summary>Checks docker's rule: a letter or digit, then letters, digits, '_', '.' or '-'.</summary>
    public static void Check(string name)
    {
        bool fits = name.Length is >= 2 and <= 128 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
        if (!fits)
        {
            throw new LayerImageException(EngineError.NameInvalid, $"'{name}' is not a container's name.")
            { Target = name, Advice = "Use 2 to 128 letters, digits, '_', '.' or '-', and begin with a letter or digit." };
        }
    }

    /// <summary>A made-up name; from the third try on with a number, so that it ends however many containers there are.</summary>
    public static string MakeUp(int attempt)
    {
        string name = $"{Pick(s_adjectives)}_{Pick(s_nouns)}";
        return attempt < 3 ? name : $"{name}{RandomNumberGenerator.GetInt32(10 * attempt)}";
    }

    /// <summary>A new id: 64 hexadecimal digits, not all of the first twelve decimal (a hostname must not look like a number).</summary>
    public static string NewId()
    {
        while (true)
        {
            string id = RandomNumberGenerator.GetHexString(64, lowercase: true);
            if (!id.AsSpan(0, 12).ContainsAnyExceptInRange('0', '9'))
            {
                continue;
            }
            return id;
        }
    }

    private static string Pick(string[] words) => words[RandomNumberGenerator.GetInt32(words.Length)];
}
