using System.CommandLine;
using System.CommandLine.Help;
using WsStorage.Cli.Verbs;

namespace WsStorage.Cli;

/// <summary>All verbs under one root.</summary>
internal static class CommandTree
{
    public static RootCommand Create()
    {
        var root = new RootCommand("A key-value store that many programs share over secure WebSockets.")
        {
            CommonOptions.Verbose,
            DemoCommand.Create(),
            ServeCommand.Create(),
            GetCommand.Create(),
            PutCommand.Create(),
            RemoveCommand.Create(),
            ScanCommand.Create(),
            WatchCommand.Create(),
            ReplicateCommand.Create(),
            VerifyCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            InfoCommand.Create(),
            InvalidateCommand.Create(),
            LockCommand.Create(),
            CertsCommand.Create(),
            CheckpointCommand.Create(),
            RestoreCommand.Create(),
            BenchCommand.Create(),
            DemoClientCommand.Create(),
            DemoReplicaCommand.Create(),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithNotes((HelpAction)help.Action!);
        return root;
    }
}
