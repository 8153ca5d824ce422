using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class RuntimeErrorsTests
{
    // The words of crun 1.8 to 1.20 and of runc 1.1.
    [Theory]
    [InlineData("executable file `nowhere` not found in $PATH: No such file or directory", EngineError.CommandNotFound)]
    [InlineData("exec: \"nowhere\": executable file not found in $PATH", EngineError.CommandNotFound)]
    [InlineData("open executable: Permission denied", EngineError.CommandNotExecutable)]
    [InlineData("executable path `/etc` exists but it is not executable", EngineError.CommandNotExecutable)]
    [InlineData("the path `/etc` is not a regular file", EngineError.CommandNotExecutable)]
    [InlineData("mount `/nowhere`: Permission denied", EngineError.RuntimeFailed)]
    [InlineData("chdir: No such file or directory", EngineError.RuntimeFailed)]
    [InlineData("writing file `/run/layerimage/crun/1/config.json`: No space left on device", EngineError.DiskFull)]
    [InlineData("write to `/run/layerimage/crun/1/status`: Disk quota exceeded", EngineError.DiskFull)]
    public void Words_AreUnderstood(string text, EngineError error) => Assert.Equal(error, RuntimeErrors.FromText(text, "nowhere").Error);

    [Theory]
    [InlineData("chdir: No such file or directory", "-WorkingDirectory")]
    [InlineData("OOM killed", "-Memory")]
    [InlineData("No space left on device", "LAYERIMAGE_RUN")]
    public void Advice_IsGivenWhereThereIsSome(string text, string advice) => Assert.Contains(advice, RuntimeErrors.FromText(text, "x").Advice, StringComparison.Ordinal);
}
