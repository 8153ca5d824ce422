using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;

namespace LayerImage.Shell;

/// <summary>Questions: lines, hidden lines, choices (-Confirm), credentials, mandatory parameters.</summary>
sealed partial class ShellUserInterface
{
    public override string ReadLine()
    {
        Progress.Clear();
        Console.Out.Flush();
        return Console.In.ReadLine() ?? "";
    }

    public override SecureString ReadLineAsSecureString()
    {
        SecureString secret = new();
        if (Console.IsInputRedirected)
        {
            foreach (char character in ReadLine())
            {
                secret.AppendChar(character);
            }
            return secret;
        }
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace && secret.Length > 0)
            {
                secret.RemoveAt(secret.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                secret.AppendChar(key.KeyChar);
            }
        }
        WriteLine("");
        return secret;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        WriteHeading(caption, message);
        (string Key, string Label)[] labels = [.. choices.Select(choice => SplitLabel(choice.Label))];
        while (true)
        {
            Write(string.Join("  ", labels.Select(label => label.Key.Length == 0 ? label.Label : $"[{label.Key}] {label.Label}")));
            Write(defaultChoice >= 0 ? $"  [?] Help (default is \"{labels[defaultChoice].Key}\"): " : "  [?] Help: ");
            string? line = Console.In.ReadLine();
            // The end of the input is no consent: the host must not guess, and asking again would never end.
            if (line is null)
            {
                throw new HostException("A question was asked and the input has ended. Answer it beforehand: -Confirm:$false or -Force.");
            }
            string answer = line.Trim();
            AtLineStart = true;
            if (answer.Length == 0 && defaultChoice >= 0)
            {
                return defaultChoice;
            }
            if (answer == "?")
            {
                foreach ((ChoiceDescription choice, (string key, _)) in choices.Zip(labels))
                {
                    WriteLine($"{key} - {choice.HelpMessage}");
                }
                continue;
            }
            int index = Array.FindIndex(labels, label => Same(answer, label.Key) || Same(answer, label.Label));
            if (index >= 0)
            {
                return index;
            }
        }
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        PromptForCredential(caption, message, userName, targetName, PSCredentialTypes.Default, PSCredentialUIOptions.Default);

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName,
        PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options)
    {
        WriteHeading(caption, message);
        if (string.IsNullOrEmpty(userName))
        {
            Write("User: ");
            userName = ReadLine();
        }
        Write($"Password for user {userName}: ");
        return new PSCredential(userName, ReadLineAsSecureString());
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        WriteHeading(caption, message);
        Dictionary<string, PSObject> answers = [];
        foreach (FieldDescription field in descriptions)
        {
            answers[field.Name] = PSObject.AsPSObject(ReadField(field));
        }
        return answers;
    }

    object ReadField(FieldDescription field)
    {
        if (field.ParameterTypeName == nameof(PSCredential))
        {
            return PromptForCredential("", "", "", "");
        }
        if (field.ParameterTypeName == nameof(SecureString))
        {
            Write($"{field.Name}: ");
            return ReadLineAsSecureString();
        }
        if (!field.ParameterTypeName.EndsWith("[]", StringComparison.Ordinal))
        {
            Write($"{field.Name}: ");
            return ReadLine();
        }
        List<string> items = [];
        while (true)
        {
            Write(string.Create(CultureInfo.InvariantCulture, $"{field.Name}[{items.Count}]: "));
            string item = ReadLine();
            if (item.Length == 0)
            {
                return items.ToArray();
            }
            items.Add(item);
        }
    }

    void WriteHeading(string caption, string message)
    {
        if (!AtLineStart)
        {
            WriteLine("");
        }
        if (!string.IsNullOrEmpty(caption))
        {
            WriteLine(Styled(PSStyle.Instance.Bold, caption));
        }
        if (!string.IsNullOrEmpty(message))
        {
            WriteLine(message);
        }
    }

    /// <summary>"Yes to &amp;All" is chosen with A.</summary>
    static (string Key, string Label) SplitLabel(string label)
    {
        int mark = label.IndexOf('&', StringComparison.Ordinal);
        return mark < 0 || mark == label.Length - 1
            ? ("", label)
            : (label[(mark + 1)..(mark + 2)].ToUpperInvariant(), label.Remove(mark, 1));
    }

    static bool Same(string answer, string word) => word.Length > 0 && string.Equals(answer, word, StringComparison.OrdinalIgnoreCase);
}
