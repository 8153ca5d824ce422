using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace LayerImage.Cmdlets.Transformation;

/// <summary>Takes an encoding, its number, its name as Get-Content has it ('utf8', 'unicode', 'ascii'), or as .NET has it ('latin1').</summary>
public sealed class EncodingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null or Encoding)
        {
            return value;
        }
        string text = Convert.ToString(value, CultureInfo.InvariantCulture)!.Trim();
        try
        {
            return value is int number ? Encoding.GetEncoding(number) : text.ToLowerInvariant() switch
            {
                "utf8" or "utf8bom" or "utf8nobom" => Encoding.UTF8,
                "unicode" => Encoding.Unicode,
                "bigendianunicode" => Encoding.BigEndianUnicode,
                "utf32" => Encoding.UTF32,
                "bigendianutf32" => new UTF32Encoding(bigEndian: true, byteOrderMark: true),
                "ascii" => Encoding.ASCII,
                "ansi" => Encoding.GetEncoding(CultureInfo.CurrentCulture.TextInfo.ANSICodePage),
                "oem" => Encoding.GetEncoding(CultureInfo.CurrentCulture.TextInfo.OEMCodePage),
                _ => Encoding.GetEncoding(text),
            };
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentTransformationMetadataException(
                $"'{text}' is not an encoding: write utf8, unicode, ascii, latin1 or a code page's number, or -AsByteStream for bytes.", e);
        }
    }
}
