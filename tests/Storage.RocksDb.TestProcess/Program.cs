using System.Globalization;
using WsStorage;
using WsStorage.RocksDb;

// A process of its own for tests that kill one, or need another one to hold a store.
//   hold DIRECTORY               opens the store, says "open", and keeps it until its input ends
//   write DIRECTORY DURABILITY   writes without end, and says the revision of each batch once it is acknowledged
var options = new RocksDbOptions { Durability = args.Length > 2 ? Enum.Parse<Durability>(args[2]) : Durability.Synced };
await using RocksDbStorage store = RocksDbStorage.Open(args[1], options);
if (args[0] is "hold")
{
    Console.WriteLine("open");
    Console.In.ReadToEnd();
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
