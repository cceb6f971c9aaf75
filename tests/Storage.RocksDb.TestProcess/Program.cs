using System.Globalization;
using WsStorage;
using WsStorage.RocksDb;
using WsStorage.RocksDb.TestProcess;

// A process of its own for tests that kill one, or need another one to hold a store.
//   hold DIRECTORY                  opens the store, says "open", and keeps it until its input ends
//   write DIRECTORY DURABILITY      writes without end, and says the revision of each batch once it is acknowledged
//   copies DIRECTORY DURABILITY     loads, applies and promotes copies without end; see CopyRun
//   stamped DIRECTORY DURABILITY    does the stamped writes that its input asks for; see StampedWrites
var options = new RocksDbOptions { Durability = args.Length > 2 ? Enum.Parse<Durability>(args[2]) : Durability.Synced };
if (args[0] is "copies")
{
    await CopyRun.RunAsync(args[1], options.Durability);
    return;
}

await using RocksDbStorage store = RocksDbStorage.Open(args[1], options);
if (args[0] is "hold")
{
    Console.WriteLine("open");
    Console.In.ReadToEnd();
    return;
}

if (args[0] is "stamped")
{
    await StampedWrites.RunAsync(store);
    return;
}

var batch = new WriteBatch();
Revision revision = (await store.GetInfoAsync()).Revision;
while (true)
{
    string next = revision.Next.Value.ToString("d8", CultureInfo.InvariantCulture);
    revision = (await store.WriteAsync(batch.Clear().Put($"key {next}", $"value {next}").Put("last", next))).Revision;
    Console.WriteLine(revision);
}
