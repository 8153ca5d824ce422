using System.Collections;
using System.Management.Automation;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>Takes 'NAME=value' texts and hashtables alike: -Environment @{ A = 1 } or -Environment 'A=1','B=2'.</summary>
public sealed class NameValueTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData is null ? null : Flatten(inputData).ToArray();

    private static IEnumerable<string> Flatten(object input)
    {
        object value = input is PSObject wrapped ? wrapped.BaseObject : input;
        return value switch
        {
            IDictionary pairs => pairs.Keys.Cast<object>().Select(key => $"{key}={pairs[key]}"),
            string text => [text],
            IEnumerable list => list.Cast<object>().Where(item => item is not null).SelectMany(Flatten),
            _ => [value.ToString() ?? ""],
        };
    }
}
