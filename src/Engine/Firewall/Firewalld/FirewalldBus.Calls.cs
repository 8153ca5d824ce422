using LayerImage.Engine.Errors;
using Tmds.DBus.Protocol;

namespace LayerImage.Engine.Firewall;

/// <summary>How firewalld is called: each call waited for, its answer read, its refusal told as an error.</summary>
internal sealed partial class FirewalldBus
{
    private bool Try(string member, string zone, params object[] arguments)
    {
        try
        {
            _ = Wait(() => CallAsync(Root, ZoneInterface, member, Text, [zone, .. arguments]), _patience);
            return true;
        }
        catch (LayerImageException error) when (error.InnerException is DBusErrorReplyException reply && FirewalldErrors.IsAlreadySo(reply))
        {
            return false;
        }
    }

    private void Do(Func<Task<bool>> call, TimeSpan? patience = null)
    {
        try
        {
            _ = Wait(call, patience ?? _patience);
        }
        catch (LayerImageException error) when (error.InnerException is DBusErrorReplyException reply && FirewalldErrors.IsAlreadySo(reply))
        {
            // It is as was asked for.
        }
    }

    private Task<string> PathOfAsync(string zone) => ConfigPathOfAsync("getZoneByName", zone);

    private Task<string> ConfigPathOfAsync(string member, string name) => CallAsync(ConfigPath, ConfigInterface, member, ObjectPath, name);

    private static async Task<IReadOnlyDictionary<string, FirewalldZone>> EachAsync(
        string[] names,
        Func<string, Task<IReadOnlyDictionary<string, VariantValue>>> read)
    {
        // All asked at once: firewalld answers one after another, and none waits for the way back.
        IReadOnlyDictionary<string, VariantValue>[] settings = await Task.WhenAll(names.Select(read)).ConfigureAwait(false);
        return names.Zip(settings, (name, values) => new FirewalldZone(name, values)).ToDictionary(zone => zone.Name);
    }

    private Task<T> CallAsync<T>(string path, string @interface, string member, MessageValueReader<T> read, params object[] arguments) =>
        CallAsync(_connection, Owner, path, @interface, member, read, arguments);

    private static Task<T> CallAsync<T>(DBusConnection connection, string destination, string path, string @interface, string member,
        MessageValueReader<T> read, params object[] arguments)
    {
        using MessageWriter writer = connection.GetMessageWriter();
        string signature = string.Concat(arguments.Select(argument => argument switch { string => "s", int => "i", _ => "a{sv}" }));
        writer.WriteMethodCallHeader(destination, path, @interface, member, signature.Length > 0 ? signature : null, MessageFlags.NoAutoStart);
        foreach (object argument in arguments)
        {
            switch (argument)
            {
                case string text:
                    writer.WriteString(text);
                    break;
                case int number:
                    writer.WriteInt32(number);
                    break;
                default:
                    writer.WriteDictionary((Dictionary<string, VariantValue>)argument);
                    break;
            }
        }
        return connection.CallMethodAsync(writer.CreateMessage(), read, null);
    }

    /// <summary>Waits on a thread of its own: the caller's context may be the very one that the answer would wait for.</summary>
    private static T Wait<T>(Func<Task<T>> call, TimeSpan patience)
    {
        try
        {
            return Task.Run(() => call().WaitAsync(patience)).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is DBusExceptionBase or TimeoutException)
        {
            throw FirewalldErrors.Explain(error, patience);
        }
    }

    private static int Seconds(TimeSpan? time) => time is { } given ? (int)Math.Ceiling(given.TotalSeconds) : 0;

    private static string Text(Message message, object? state) => message.GetBodyReader().ReadString();

    private static uint Number(Message message, object? state) => message.GetBodyReader().ReadUInt32();

    private static bool Flag(Message message, object? state) => message.GetBodyReader().ReadBool();

    private static string[] Texts(Message message, object? state) => message.GetBodyReader().ReadArrayOfString();

    // (ssssa{ss}as): version, short, description, type, options, entries.
    private static HostFirewallIpSet IpSet(Message message, object? state)
    {
        Reader reader = message.GetBodyReader();
        reader.AlignStruct();
        _ = reader.ReadString();
        _ = reader.ReadString();
        string description = reader.ReadString(), type = reader.ReadString();
        List<string> options = [];
        for (ArrayEnd end = reader.ReadDictionaryStart(); reader.HasNext(end);)
        {
            reader.AlignStruct();
            (string name, string value) = (reader.ReadString(), reader.ReadString());
            options.Add(value.Length > 0 ? $"{name}={value}" : name);
        }
        return new HostFirewallIpSet { Name = "", Type = type, Description = description, Options = options, Entries = reader.ReadArrayOfString() };
    }

    private static string ObjectPath(Message message, object? state) => message.GetBodyReader().ReadObjectPathAsString();

    private static VariantValue Variant(Message message, object? state) => message.GetBodyReader().ReadVariantValue();

    private static IReadOnlyDictionary<string, VariantValue> Settings(Message message, object? state) =>
        message.GetBodyReader().ReadDictionaryOfStringToVariantValue();

    private static bool Nothing(Message message, object? state) => true;
}
