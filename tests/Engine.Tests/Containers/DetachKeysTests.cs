using System.Text;
using LayerImage.Engine.Containers;
using Xunit;

namespace LayerImage.Engine.Tests.Containers;

public class DetachKeysTests
{
    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("a\u0010|b", "a|\u0010b")]
    [InlineData("\u0010|\u0010|x", "|\u0010|\u0010x")]
    [InlineData("\u0011", "\u0011")]
    [InlineData("\u0010|\u0011", "|detached")]
    [InlineData("a\u0010\u0010\u0011", "detached")]
    public void CtrlP_IsHeldUntilTheNextKey(string typed, string passed)
    {
        DetachKeys keys = new();
        byte[] buffer = new byte[16];
        List<string> seen = [];
        foreach (string piece in typed.Split('|'))
        {
            int? length = keys.Filter(Encoding.ASCII.GetBytes(piece), buffer);
            seen.Add(length is null ? "detached" : Encoding.ASCII.GetString(buffer, 0, length.Value));
        }

        Assert.Equal(passed, string.Join('|', seen));
    }
}
