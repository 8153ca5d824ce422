using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>Takes 'NAME=value' texts and hashtables alike: -Environment @{ A = 1 } or -Environment 'A=1','B=2'.</summary>
public sealed class NameValueTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        inputData is null ? Array.Empty<string>() : Flatten(inputData).ToArray();

    private static IEnumerable<string> Flatten(object input)
    {
        object value = input is PSObject wrapped ? wrapped.BaseObject : input;
        return value switch
        {
            IOrderedDictionary pairs => Texts(pairs, pairs.Keys.Cast<object>()),
            // A hashtable's order is another one in each process, and the same container would make another image.
            IDictionary pairs => Texts(pairs, pairs.Keys.Cast<object>().OrderBy(key => key.ToString(), StringComparer.Ordinal)),
            string text => [text],
            IEnumerable list => list.Cast<object>().Where(item => item is not null).SelectMany(Flatten),
            _ => [value.ToString() ?? ""],
        };
    }

    private static IEnumerable<string> Texts(IDictionary pairs, IEnumerable<object> keys) => keys.Select(key => $"{key}={pairs[key]}");
}
