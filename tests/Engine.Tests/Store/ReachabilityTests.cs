using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.Tests.Store;

/// <summary>Who needs what, by the list of kinds: also of a kind that the engine does not have.</summary>
public sealed class ReachabilityTests : IDisposable
{
    private static readonly StoreKind s_cache = new()
    {
        Noun = "cache",
        Table = "cache",
        Label = "name",
        Folder = "caches",
        Standing = "CASE busy WHEN 1 THEN 'filling' END",
        Claims =
        [
            new StoreClaim(StoreKinds.Layer, "cache", "layer", "id"),
            new StoreClaim(StoreKinds.Blob, "cache", "blob", "id"),
            new StoreClaim(StoreKinds.Image, "cache", "base", "id") { When = "busy = 1" },
        ],
    };

    private static readonly ClaimQueries s_claims = new([.. StoreKinds.All, s_cache]);

    private static readonly Digest s_diffId = Digest.Of("tar"u8.ToArray()), s_blob = Digest.Of("blob"u8.ToArray()), s_base = Digest.Of("base"u8.ToArray());

    private readonly TempFolder _folder = new();
    private readonly StoreDatabase _database;

    public ReachabilityTests()
    {
        _database = StoreDatabase.Open(_folder["state.db"], s_claims);
        _database.Write(transaction =>
        {
            transaction.Execute("CREATE TABLE cache (id TEXT PRIMARY KEY, name TEXT, layer TEXT, blob TEXT, base TEXT, busy INTEGER) WITHOUT ROWID");
            transaction.Execute("INSERT INTO cache VALUES ('c1', 'first', ?1, ?2, ?3, 1)", s_diffId.Hex, s_blob.ToString(), s_base.ToString());
            LayerTable.Record(transaction, new LayerRecord { Key = s_diffId.Hex, DiffId = s_diffId, ContentBytes = 1, TarSize = 1, Entries = 1, HasRoot = true, HasImplied = false });
            BlobTable.Record(transaction, s_blob, 1);
        });
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AnotherKind_KeepsWhatItClaimsForAsLongAsItDoes()
    {
        Assert.Equal((0, 0), Ask(transaction => (Reachability.UnusedLayers(transaction).Count, Reachability.UnusedBlobs(transaction).Count)));
        Assert.Equal((0, 0), _database.Write(Delete));

        _database.Write(transaction => transaction.Execute("DELETE FROM cache"));

        Assert.Equal((1, 1), Ask(transaction => (Reachability.UnusedLayers(transaction).Count, Reachability.UnusedBlobs(transaction).Count)));
        Assert.Equal((1, 1), _database.Write(Delete));
        Assert.Equal((0, 0), Ask(transaction => (LayerTable.Count(transaction), BlobTable.Count(transaction))));
    }

    [Fact]
    public void AnotherKind_IsNamedAsTheUserOfWhatItClaims()
    {
        Assert.All([(StoreKinds.Layer, s_diffId.Hex), (StoreKinds.Blob, s_blob.ToString()), (StoreKinds.Image, s_base.ToString())], thing =>
            Assert.Equal([new StoreUser(s_cache, "c1", "first", "filling")], Ask(transaction => Reachability.UsersOf(transaction, thing.Item1, thing.Item2))));
        Assert.Equal([s_base.ToString()], Ask(transaction => Reachability.Used(transaction, StoreKinds.Image)));
        Assert.Equal([(s_diffId.Hex, s_diffId)], Ask(transaction => Reachability.LayersOf(transaction, s_cache, "c1")));
        Assert.Equal([s_blob.ToString()], Ask(transaction => Reachability.BlobsOf(transaction, s_cache, "c1")));
        Assert.True(Ask(transaction => Reachability.HasDirectory(transaction, "c1")));
        Assert.Contains("c1", Ask(Reachability.Directories));

        _database.Write(transaction => transaction.Execute("UPDATE cache SET busy = 0"));

        Assert.Empty(Ask(transaction => Reachability.UsersOf(transaction, StoreKinds.Image, s_base.ToString())));
        Assert.Null(Assert.Single(Ask(transaction => Reachability.UsersOf(transaction, StoreKinds.Layer, s_diffId.Hex))).Standing);
    }

    [Fact]
    public void WhatAnotherKindClaims_IsMissedWithoutARecord()
    {
        _database.Write(transaction =>
        {
            BlobTable.Delete(transaction, s_blob.ToString());
            transaction.Execute("DELETE FROM layer");
        });

        Assert.Equal([(s_blob.ToString(), 0, false)], Ask(Reachability.RequiredBlobs));
        Assert.Equal([(s_diffId.Hex, s_diffId.ToString(), false)], Ask(Reachability.RequiredLayers));
    }

    // What is asked of all things reads their table, once. An image's containers and mounts are few: no index has them.
    [Fact]
    public void Questions_GoByIndexes()
    {
        ClaimQueries claims = ClaimQueries.Standard;
        string[] questions =
        [
            claims.Users[StoreKinds.Layer], claims.Users[StoreKinds.Blob], claims.UnusedBlob, claims.UnusedBlobs, claims.UnusedLayers, claims.DeleteUnusedLayer, claims.HasDirectory, claims.HasDiffId,
            .. claims.LayersOf.Values, .. claims.BlobsOf.Values, claims.HoldersOfLayers, claims.HoldersOfBlobs, claims.BlobsOfImages,
        ];

        Assert.All(questions, question => Assert.DoesNotContain(Plan(question), step => step.StartsWith("SCAN", StringComparison.Ordinal) && !IsMeant(step)));
    }

    private static bool IsMeant(string step) => step.Split(' ')[1] is "container" or "mount" or "json_each" or "CONSTANT" or "thing" or ['(', ..];

    private static (int Layers, int Blobs) Delete(StoreTransaction transaction) =>
        (Reachability.DeleteUnusedLayers(transaction, [s_diffId.Hex]).Count, Reachability.DeleteUnusedBlobs(transaction, [s_blob.ToString()]).Count);

    private List<string> Plan(string question) => Ask(transaction => transaction.Query("EXPLAIN QUERY PLAN " + question, row => row.GetString(3), "[]"));

    private T Ask<T>(Func<StoreTransaction, T> question) => _database.Read(question);
}
