using System.Diagnostics;

namespace LayerImage.Engine.Errors;

/// <summary>
/// Named places in what changes the store. Where <c>$LAYERIMAGE_FAULT</c> names one, the process kills itself there, as a
/// power cut or kill -9 would: the tests open the store again after each. <c>>FILE</c> writes down which ones are passed. Read once;
/// else they cost a comparison with null.
/// </summary>
internal static class FaultPoint
{
    public const string Received = "received", Unpacking = "unpacking", Unpacked = "unpacked", LayerSynced = "layer-synced", LayerPlaced = "layer-placed",
        LayerRecording = "layer-recording", LayerRecorded = "layer-recorded",
        BlobPlaced = "blob-placed", BlobRecorded = "blob-recorded", DocumentsPut = "documents-put",
        ImageRecording = "image-recording", ImageRecorded = "image-recorded", Sealed = "sealed", TagSetting = "tag-setting", TagSet = "tag-set",
        RecordsRemoved = "records-removed", LayerMovedOut = "layer-moved-out", BlobDeleting = "blob-deleting", LayerForgotten = "layer-forgotten",
        BlobForgotten = "blob-forgotten", LeftoverMovedOut = "leftover-moved-out", UpperMarked = "upper-marked",
        UpperRenewing = "upper-renewing", MountRecorded = "mount-recorded", MountPrepared = "mount-prepared", Mounted = "mounted", Unmounted = "unmounted",
        MountCleared = "mount-cleared";

    private const char Trace = '>';
    private static readonly string? s_fatal = Environment.GetEnvironmentVariable("LAYERIMAGE_FAULT");

    /// <summary>The names of all fault points.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Received, Unpacking, Unpacked, LayerSynced, LayerPlaced, LayerRecording, LayerRecorded, BlobPlaced, BlobRecorded, DocumentsPut, ImageRecording,
        ImageRecorded, Sealed, TagSetting, TagSet, RecordsRemoved, LayerMovedOut, BlobDeleting, LayerForgotten, BlobForgotten, LeftoverMovedOut, UpperMarked,
        UpperRenewing, MountRecorded, MountPrepared, Mounted, Unmounted, MountCleared,
    ];

    /// <summary>Says that the process has come to this fault point: a test may end it here.</summary>
    public static void Reach(string name)
    {
        if (s_fatal is null)
        {
            return;
        }
        if (s_fatal[0] == Trace)
        {
            File.AppendAllText(s_fatal[1..], name + "\n");
        }
        else if (s_fatal == name)
        {
            using Process self = Process.GetCurrentProcess();
            self.Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
