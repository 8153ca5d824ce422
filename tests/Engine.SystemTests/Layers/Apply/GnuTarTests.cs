using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>What GNU tar writes is unpacked as it was packed, and it reads what the engine writes.</summary>
public sealed class GnuTarTests : IDisposable
{
    private readonly LayerHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Theory]
    [InlineData("--format=posix")]
    [InlineData("--format=posix --sparse --sparse-version=0.0")]
    [InlineData("--format=posix --sparse --sparse-version=0.1")]
    [InlineData("--format=posix --sparse --sparse-version=1.0")]
    [InlineData("--format=posix --sparse --hole-detection=raw")]
    public void Posix_IsUnpackedAsItWasPacked(string options)
    {
        Make();
        _harness.Shell($"tar -C src --xattrs --xattrs-include='*' {options} -cf all.tar .");

        UnpackResult result = _harness.UnpackFile("all.tar");

        Assert.True(result.HasRoot);
        Assert.Empty(result.ImpliedDirectories);
        Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness["around/layer"])));
    }

    [Theory]
    [InlineData("--format=gnu")]
    [InlineData("--format=gnu --sparse")]
    [InlineData("--format=oldgnu --sparse")]
    public void Gnu_IsUnpackedAsItWasPacked(string options)
    {
        Make(xattrs: false);
        _harness.Shell($"tar -C src {options} -cf all.tar .");

        _harness.UnpackFile("all.tar");

        // The format has whole seconds only.
        Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness["around/layer"]), nameof(TreeEntry.Time)));
        Assert.Equal(_harness.Shell("stat -c %Y src/zero src/setgid src/dir src/abs"), _harness.Shell("stat -c %Y around/layer/zero around/layer/setgid around/layer/dir around/layer/abs"));
    }

    [Theory]
    [InlineData("--sparse-version=0.0")]
    [InlineData("--sparse-version=0.1")]
    [InlineData("--sparse-version=1.0")]
    [InlineData("--format=gnu")]
    public void SparseFiles_KeepTheirHoles(string options)
    {
        // More pieces than one header holds; the last byte is a hole.
        _harness.Shell($"mkdir src; cd src; i=0; while [ $i -lt 60 ]; do printf x$i | dd of=many bs=1 seek=$((i * 200000)) conv=notrunc status=none; i=$((i + 1)); done; truncate -s 13M many; truncate -s 50M empty; cd ..; tar -C src --sparse {options} {(options.Contains("gnu", StringComparison.Ordinal) ? "" : "--format=posix")} -cf all.tar .");

        UnpackResult result = _harness.UnpackFile("all.tar");

        Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness["around/layer"]), nameof(TreeEntry.Time)));
        Assert.InRange(int.Parse(_harness.Shell("du -s around/layer | cut -f1"), System.Globalization.CultureInfo.InvariantCulture), 1, 2000);
        Assert.InRange(result.ContentBytes, 1, 2_000_000);
    }

    [Theory]
    [InlineData("--format=gnu")]
    [InlineData("--format=posix")]
    public void SparseFileOverEightGiB_IsUnpacked(string format)
    {
        _harness.Shell($"mkdir src; printf end | dd of=src/huge bs=1 seek=9663676416 status=none; tar -C src --sparse {format} -cf all.tar .");

        _harness.UnpackFile("all.tar");

        Assert.Equal(_harness.Shell("stat -c %s src/huge; tail -c 3 src/huge"), _harness.Shell("stat -c %s around/layer/huge; tail -c 3 around/layer/huge"));
    }

    // The kernel gives what is made in "inherits" a list of its own; "none" and "sub/plain" were freed of it, and the tar says so.
    [Theory]
    [InlineData("--acls")]
    [InlineData("--acls --numeric-owner")]
    [InlineData("--acls --xattrs --xattrs-include='*'")]
    [InlineData("--xattrs --xattrs-include='*'")]
    public void Acls_AreUnpackedAsTheyWerePacked(string options)
    {
        Assert.SkipWhen(Requires.Tool("setfacl") is not null, Requires.Tool("setfacl") ?? "");
        _harness.Shell("""
            mkdir -p src/inherits; cd src; echo a >file; setfacl -m u:70000:rw-,g:71000:r-x,m::r-- file; mkfifo fifo; setfacl -m u:70000:rwx fifo; ln -s file link
            setfacl -d -m u:70000:rwx,g:70001:--- inherits; cd inherits; echo b >has; mkdir sub; echo c >none; setfacl -b none; setfacl -b -k sub; echo d >sub/plain; chmod 600 has
            cd ../..
            """);
        _harness.Shell($"tar -C src {options} --format=posix -cf all.tar .");

        _harness.UnpackFile("all.tar");

        Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness["around/layer"])));
        Assert.Contains("system.posix_acl_default=", TreeDigest.Of(_harness["around/layer"]).Entries["inherits"].XAttrs, StringComparison.Ordinal);
        using (FileStream tar = File.OpenRead(_harness["all.tar"]))
        {
            Assert.Empty(LayerVerifier.Verify(tar, _harness["around/layer"], [], 10, LayerHarness.Stop));
        }
        _harness.Seal("around/layer", "sealed.tar");
        _harness.UnpackFile("sealed.tar", "again");
        _harness.Shell("mkdir back; tar -C back --xattrs --xattrs-include='*' -xf sealed.tar");
        Assert.All(["again", "back"], (string folder) => Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness[folder]))));
    }

    // "daemon" is 1 on Debian and 2 on Fedora: a name of the machine that made the tar says nothing in an image.
    [Fact]
    public void AclOfANameOfThisMachine_IsLeftOutOfTheList()
    {
        Assert.SkipWhen(Requires.Tool("setfacl") is not null, Requires.Tool("setfacl") ?? "");
        _harness.Shell("mkdir src; echo a >src/file; chmod 640 src/file; setfacl -m u:daemon:rwx,u:root:r--,u:70000:r-- src/file; tar -C src --acls --format=posix -cf all.tar .; setfacl -n -x u:daemon src/file");

        _harness.UnpackFile("all.tar");

        Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness["around/layer"])));
    }

    [Fact]
    public void Ustar_SplitsLongNamesBetweenPrefixAndName()
    {
        _harness.Shell("n=$(printf '%090d' 1); mkdir -p src/$n; echo a >src/$n/$n; ln -s x src/sym; tar -C src --format=ustar -cf all.tar .");

        _harness.UnpackFile("all.tar");

        Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness["around/layer"]), nameof(TreeEntry.Time)));
    }

    [Fact]
    public void V7_HasDirectoriesByTheirSlash()
    {
        _harness.Shell("mkdir -p src/dir; echo a >src/dir/file; ln -s file src/dir/sym; tar -C src --format=v7 -cf all.tar .");

        _harness.UnpackFile("all.tar");

        Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness["around/layer"]), nameof(TreeEntry.Time)));
    }

    [Fact]
    public void Names_AreBytesAndNotText()
    {
        _harness.Shell("""
            mkdir src; cd src; printf x >"$(printf 'latin-\344\377')"; printf y >"$(printf 'nl\nnewline')"; printf z >"$(printf 'del-\177\001')"
            mkdir "$(printf 'dir-\344')"; printf i >"$(printf 'dir-\344')/in"; ln -s "$(printf 'to-\351')" link; ln "$(printf 'latin-\344\377')" "$(printf 'dir-\344/\377')"; cd ..
            tar -C src --format=posix -cf posix.tar .; tar -C src --format=gnu -cf gnu.tar .
            """);

        _harness.UnpackFile("posix.tar");
        _harness.UnpackFile("gnu.tar", "gnu");
        _harness.Seal("around/layer", "sealed.tar");
        _harness.Shell("mkdir back; tar -C back -xf sealed.tar");

        string[] seen = [.. new[] { "src", "around/layer", "gnu", "back" }.Select(folder => _harness.Shell($"cd {folder}; LC_ALL=C find . -printf '%p %y %n %l\\0' | LC_ALL=C sort -z | od -An -tx1 -v"))];
        Assert.All(seen, names => Assert.Equal(seen[0], names));
        Assert.Contains("e4 ff", seen[0], StringComparison.Ordinal);
        _harness.Shell("rm -rf src around/layer gnu back"); // .NET cannot name these files
    }

    [Fact]
    public void Seal_IsReadByGnuTarAndByTheEngine()
    {
        Make();
        // GNU tar itself does not see that two names are one device.
        _harness.Shell("ln src/chr src/chr2; ln src/fifo src/fifo2; touch -d '2006-01-01 UTC' src");

        DigestedTree first = _harness.Seal("src", "sealed.tar");
        _harness.Shell("mkdir gnu; tar -C gnu --xattrs --xattrs-include='*' --same-owner -p -xf sealed.tar");
        _harness.UnpackFile("sealed.tar");
        DigestedTree second = _harness.Seal("around/layer", "again.tar");

        TreeDigest source = TreeDigest.Of(_harness["src"]);
        Assert.Empty(source.DifferencesTo(TreeDigest.Of(_harness["around/layer"])));
        Assert.Empty(source.DifferencesTo(TreeDigest.Of(_harness["gnu"])));
        Assert.Equal(first.DiffId, second.DiffId);
        Assert.Equal(first.TarSize, new FileInfo(_harness["sealed.tar"]).Length);
        Assert.Equal("sha256:" + _harness.Shell("sha256sum sealed.tar | cut -d' ' -f1"), first.DiffId.ToString());
        Assert.Equal(first.DiffId, TreeTar.Digest(_harness["src"], includeRoot: true, LayerHarness.Stop).DiffId);
    }

    [Fact]
    public void OverlaysOwnAttributes_NeverComeIntoATar()
    {
        _harness.Shell("mkdir -p src/dir; echo a >src/file");
        foreach (string name in (string[])["trusted.overlay.opaque", "trusted.overlay.origin", "trusted.overlay.impure", "trusted.overlay.redirect", "trusted.overlay.metacopy", "trusted.overlay.upper", "user.overlay.opaque", "trusted.overlay.layerimage.upper-of", "trusted.kept"])
        {
            Array.ForEach(["src", "src/dir"], folder => Libc.SetXAttr(_harness[folder], name, "y"u8));
            if (name.StartsWith("trusted.", StringComparison.Ordinal))
            {
                Libc.SetXAttr(_harness["src/file"], name, "y"u8);
            }
        }

        _harness.Seal("src", "sealed.tar");

        string tar = File.ReadAllText(_harness["sealed.tar"], System.Text.Encoding.Latin1);
        Assert.DoesNotContain("overlay", tar, StringComparison.Ordinal);
        Assert.Equal(3, tar.Split("SCHILY.xattr.trusted.kept=y").Length - 1);
    }

    [Fact]
    public void Copy_MakesTheSameTreeAndTheSameDiffId()
    {
        Make();
        // GNU tar itself does not see that two names are one device.
        _harness.Shell("ln src/chr src/chr2; ln src/fifo src/fifo2; touch -d '2006-01-01 UTC' src");
        Directory.CreateDirectory(_harness["copy"]);

        DigestedTree copied = TreeTar.Copy(_harness["src"], _harness["copy"], includeRoot: true, LayerHarness.Stop);

        Assert.Empty(TreeDigest.Of(_harness["src"]).DifferencesTo(TreeDigest.Of(_harness["copy"])));
        Assert.Equal(TreeTar.Digest(_harness["copy"], includeRoot: true, LayerHarness.Stop).DiffId, copied.DiffId);
    }

    private void Make(bool xattrs = true) => EveryKindOfFile.Make(_harness, xattrs);
}
