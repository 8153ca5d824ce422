using System.Collections;
using System.Globalization;
using System.Management.Automation;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Formatting;

/// <summary>
/// The texts of the views' cells, and the values of properties that LayerImage.Types.ps1xml adds. They read properties by
/// name, as objects that came out of a file, a job or another machine have the same ones and are of no type of ours.
/// </summary>
public static class ViewText
{
    /// <summary>A size property as text.</summary>
    public static string Size(PSObject instance) => ByteSize.Format(Number(instance, "Size"));

    /// <summary>Where an item of the drive is, as one would write it.</summary>
    public static string ParentPath(PSObject instance) => instance.Properties["PSParentPath"]?.Value is string path
        ? "LayerImage:" + path[(path.IndexOf("::", StringComparison.Ordinal) is int at and >= 0 ? at + 2 : 0)..] : "";

    /// <summary>What was received, as text; nothing for a layer made here.</summary>
    public static string DownloadSize(PSObject instance) => Number(instance, "DownloadSize") is > 0 and long size ? ByteSize.Format(size) : "";

    /// <summary>What was freed, as text.</summary>
    public static string BytesFreed(PSObject instance) => ByteSize.Format(Number(instance, "BytesFreed"));

    /// <summary>The bytes that an item has on the disk, as text.</summary>
    public static string Bytes(PSObject instance) => ByteSize.Format(Number(instance, "Bytes"));

    /// <summary>All that a store has of the disk, as text.</summary>
    public static string TotalBytes(PSObject instance) => ByteSize.Format(Number(instance, "TotalBytes"));

    /// <summary>What could be freed, as text.</summary>
    public static string ReclaimableBytes(PSObject instance) => ByteSize.Format(Number(instance, "ReclaimableBytes"));

    /// <summary>What would be received, as text.</summary>
    public static string BytesToReceive(PSObject instance) => ByteSize.Format(Number(instance, "BytesToReceive"));

    /// <summary>What something has or will have on disk, as text; "?" when that is not known.</summary>
    public static string BytesOnDisk(PSObject instance) => Size(instance.Properties["BytesOnDisk"]?.Value);

    /// <summary>What the store would grow by, as text; "?" when that is not known.</summary>
    public static string BytesAdded(PSObject instance) => Size(instance.Properties["BytesAdded"]?.Value);

    /// <summary>How many of a plan's layers are here: "2 of 6".</summary>
    public static string LayersHere(PSObject instance) => Items(instance, "Layers") is { } layers ? $"{Text(instance, "LayersHere")} of {layers.Count()}" : "";

    /// <summary>The images that have a layer, joined.</summary>
    public static string SharedWith(PSObject instance) => Join(instance, "SharedWith");

    /// <summary>What went over the wire, as text.</summary>
    public static string BytesSent(PSObject instance) => ByteSize.Format(Number(instance, "BytesSent"));

    /// <summary>The first 12 digits of a digest.</summary>
    public static string ShortDigest(PSObject instance) => Short(Text(instance, "Digest"));

    /// <summary>Tags that were taken away, joined.</summary>
    public static string Untagged(PSObject instance) => Join(instance, "Untagged");

    /// <summary>What is different of a changed path; nothing for one that is new or gone.</summary>
    public static string Differences(PSObject instance) => instance.Properties["Differences"]?.Value?.ToString() is string names and not "None" ? names : "";

    /// <summary>Processes that listen, joined.</summary>
    public static string Listeners(PSObject instance) => Join(instance, "Listeners");

    /// <summary>The zones that packets can meet, joined.</summary>
    public static string ActiveZones(PSObject instance) => Join(instance, "ActiveZones");

    /// <summary>A time of day with its date and milliseconds, in local time.</summary>
    public static string Timestamp(PSObject instance) => Time(instance, "Timestamp") is { } time
        ? time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) : "";

    /// <summary>The first 12 digits of an id.</summary>
    public static string ShortId(PSObject instance) => Short(Text(instance, "Id"));

    /// <summary>The first 12 digits of a DiffID.</summary>
    public static string ShortDiffId(PSObject instance) => Short(Text(instance, "DiffId"));

    /// <summary>How long ago something was made: "3 hours ago".</summary>
    public static string Age(PSObject instance) => Time(instance, "CreatedAt") is { } time ? Ago(DateTimeOffset.Now - time) : "";

    /// <summary>When something was made, in local time: what a table shows as its age, to sort and to compare by.</summary>
    public static DateTime? Created(PSObject instance) => Time(instance, "CreatedAt")?.LocalDateTime;

    /// <summary>The time that a deserialized object has as text, or as an object that was a time.</summary>
    public static DateTimeOffset? Time(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        DateTimeOffset time => time,
        DateTime time => time,
        string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) => time,
        _ when value is PSObject parts && parts.Properties["Ticks"]?.Value is long ticks && parts.Properties["Offset"]?.Value is TimeSpan offset =>
            new DateTimeOffset(ticks, offset),
        _ => null,
    };

    /// <summary>The word of an enumeration that a deserialized object has as a number with a text.</summary>
    public static string? Word(PSObject? value) => value?.ToString();

    /// <summary>A container's state as docker words it: "Up 3 minutes", "Exited (0) 5 seconds ago".</summary>
    public static string Status(PSObject instance)
    {
        string state = instance.Properties["State"]?.Value?.ToString() ?? "";
        return state switch
        {
            "Running" when Time(instance, "StartedAt") is { } since => "Up " + Span(DateTimeOffset.Now - since),
            "Exited" when Time(instance, "FinishedAt") is { } since =>
                $"Exited ({instance.Properties["ExitCode"]?.Value ?? "?"}) {Ago(DateTimeOffset.Now - since)}",
            _ => state,
        };
    }

    /// <summary>Text of an image's or a container's, without what the terminal would obey.</summary>
    public static string? Printable(string? text) => text is null ? null : PrintableText.Of(text);

    /// <summary>Lines that a command wrote, without what the terminal would obey.</summary>
    public static string Lines(object? lines) => (lines is PSObject wrapped ? wrapped.BaseObject : lines) is IEnumerable items and not string
        ? string.Join('\n', items.Cast<object>().Select(line => PrintableText.Of(line.ToString() ?? ""))) : "";

    /// <summary>Published ports, joined: "8081->8080/tcp".</summary>
    public static string Ports(PSObject instance) => Join(instance, "Ports");

    /// <summary>An image's tags in one text, or "&lt;none&gt;".</summary>
    public static string Tags(PSObject instance) => Join(instance, "Tags") is { Length: > 0 } tags ? tags : "<none>";

    /// <summary>A file's time, to the minute, in local time.</summary>
    public static string LastWriteTime(PSObject instance) => Time(instance, "LastWriteTime") is { } time
        ? time.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) : "";

    /// <summary>A name as ls -l has it, with a link's target, a device's numbers, or that it is deleted.</summary>
    public static string ItemName(PSObject instance) => Text(instance, "Name") + (instance.Properties["LinkTarget"]?.Value is string target ? " -> " + target
        : instance.Properties["Device"]?.Value is string device ? $" ({device})"
        : instance.Properties["IsWhiteout"]?.Value is true ? " (deleted)"
        : instance.Properties["IsOpaque"]?.Value is true ? " (replaces)" : "");

    private static string Size(object? bytes) => bytes is null ? "?" : ByteSize.Format(Convert.ToInt64(bytes, CultureInfo.InvariantCulture));

    private static string Join(PSObject instance, string property) => Items(instance, property) is { } items ? string.Join(", ", items) : "";

    private static IEnumerable<object>? Items(PSObject instance, string property)
    {
        object? value = instance.Properties[property]?.Value;
        return (value is PSObject wrapped ? wrapped.BaseObject : value) is IEnumerable items and not string ? items.Cast<object>() : null;
    }

    private static DateTimeOffset? Time(PSObject instance, string property) => Time(instance.Properties[property]?.Value);

    private static string Short(string digest)
    {
        string hex = digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return hex.Length > 12 ? hex[..12] : hex;
    }

    private static string Text(PSObject instance, string property) => instance.Properties[property]?.Value?.ToString() ?? "";

    private static long Number(PSObject instance, string property) =>
        instance.Properties[property]?.Value is object value ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : 0;

    private static string Ago(TimeSpan age) => age < TimeSpan.FromSeconds(1) ? "now" : Span(age) + " ago";

    private static string Span(TimeSpan span)
    {
        (double count, string unit) = span.TotalSeconds switch
        {
            < 60 => (span.TotalSeconds, "second"),
            < 3600 => (span.TotalMinutes, "minute"),
            < 86400 => (span.TotalHours, "hour"),
            < 86400 * 14 => (span.TotalDays, "day"),
            < 86400 * 60 => (span.TotalDays / 7, "week"),
            < 86400 * 730 => (span.TotalDays / 30.44, "month"),
            _ => (span.TotalDays / 365.25, "year"),
        };
        long whole = Math.Max(0, (long)count);
        return $"{whole} {unit}{(whole == 1 ? "" : "s")}";
    }
}
