using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace WsStorage.Cli;

/// <summary>Adds to the help of the program what holds for all of its verbs.</summary>
internal sealed class HelpWithNotes(HelpAction help) : SynchronousCommandLineAction
{
    private const string Notes = """
        Which store:
          --url wss://HOST[:PORT]/PATH for a served one, --data DIR for one on this machine.

        Certificates and passwords:
          Keystores and truststores are taken from certs/, or --certs DIR, under the names that
          `wsstorage certs new` gives them; --keystore and --truststore name others. Their password
          comes from --password-file, --password, WSSTORAGE_PASSWORD_FILE, WSSTORAGE_PASSWORD, the
          file stores.password beside them, or a prompt, whichever is there first.

        Environment variables (an option wins over its variable):
          WSSTORAGE_URL, WSSTORAGE_DATA        the store
          WSSTORAGE_CERTS                      the directory of the stores of certificates
          WSSTORAGE_KEYSTORE                   the keystore
          WSSTORAGE_TRUSTSTORE                 the truststore
          WSSTORAGE_PASSWORD_FILE              the file with their password
          WSSTORAGE_PASSWORD                   their password
          WSSTORAGE_TRUSTSTORE_PASSWORD_FILE   the file with the truststore's, where it differs
          WSSTORAGE_TRUSTSTORE_PASSWORD        the truststore's, where it differs

        Exit codes:
          0 done    1 a key is absent, or a check failed    2 wrong usage or input
          3 the store, the connection or a file failed    70 a defect of this program
          75 a lock was lost while its command was running    130 interrupted before it was done
          `lock` exits with the code of its command

        """;

    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is RootCommand)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(Notes);
        }

        return code;
    }
}
