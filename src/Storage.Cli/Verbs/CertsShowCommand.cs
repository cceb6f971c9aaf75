using System.CommandLine;
using WsStorage.Cli.Stores;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage certs show</c></summary>
internal static class CertsShowCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("FILE")
        {
            Description = "Keystores or truststores, or directories of them.",
            DefaultValueFactory = _ => ["certs"],
            Arity = ArgumentArity.ZeroOrMore,
        };
        var password = new PasswordOptions();
        var command = new Command("show", "Print what keystores and truststores hold.") { paths };
        password.AddTo(command, truststore: false);
        command.SetAction(parsed =>
        {
            foreach (string path in parsed.GetValue(paths)!.SelectMany(Expand))
            {
                Console.WriteLine(path);
                foreach (StoreEntry entry in StoreEntry.ReadAll(path, password.ForKeystore(parsed, path)))
                {
                    Print(entry);
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static string[] Expand(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        string[] files = [.. Directory.EnumerateFiles(path)
            .Where(file => Path.GetExtension(file) is ".pfx" or ".p12")
            .Order(StringComparer.Ordinal)];
        return files.Length > 0
            ? files
            : throw new StorageException(StorageErrorCode.NotFound, $"The directory {path} holds no .pfx or .p12 file; `wsstorage certs new` makes a set to start with.");
    }

    private static void Print(StoreEntry entry)
    {
        string kind = (entry.IsAuthority, entry.HasPrivateKey) switch
        {
            (true, true) => "authority with its private key",
            (true, false) => "authority",
            (false, true) => "certificate with its private key",
            _ => "certificate",
        };
        Console.WriteLine($"  {entry.Subject}: {kind}");
        Console.WriteLine($"    issuer       {entry.Issuer}");
        Console.WriteLine($"    valid        {entry.NotBefore:yyyy-MM-dd HH:mm} to {entry.NotAfter:yyyy-MM-dd HH:mm}{Judge(entry)}");
        Console.WriteLine($"    purposes     {(entry.Purposes.Count == 0 ? "any" : string.Join(", ", entry.Purposes))}");
        if (entry.Names.Count > 0)
        {
            Console.WriteLine($"    names        {string.Join(", ", entry.Names)}");
        }

        Console.WriteLine($"    serial       {entry.SerialNumber}");
        Console.WriteLine($"    fingerprint  {entry.Fingerprint}");
    }

    private static string Judge(StoreEntry entry)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return now > entry.NotAfter ? " (expired)" : now < entry.NotBefore ? " (not valid yet)" : "";
    }
}
