using System.Globalization;

namespace WsStorage.RocksDb.TestProcess;

/// <summary>
/// Does stamped writes, one for each line of input, in their order and without waiting for one before the next. Each moves a
/// counter of its session on by compare and set.
/// </summary>
/// <remarks>
/// Input: session, number, acknowledged, "first" or "again" or "unanswered", the counter before ("-" for absent), the counter after.
/// Output: at first the store's revision; then for each write session, number, "applied" or "refused" or an error, revision.
/// </remarks>
internal static class StampedWrites
{
    public static async Task RunAsync(RocksDbStorage store)
    {
        TextWriter output = TextWriter.Synchronized(Console.Out);
        await output.WriteLineAsync((await store.GetInfoAsync()).Revision.ToString());
        var writes = new List<Task>();
        while (Console.In.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            writes.Add(ReportAsync(words, store.WriteAsync(ToBatch(words)), output));
        }

        await Task.WhenAll(writes);
    }

    private static WriteBatch ToBatch(string[] words)
    {
        string counter = $"counter {words[0]}";
        var batch = new WriteBatch
        {
            Stamp = new WriteStamp(
                new Guid(int.Parse(words[0], CultureInfo.InvariantCulture), 0, 0, new byte[8]),
                ulong.Parse(words[1], CultureInfo.InvariantCulture),
                ulong.Parse(words[2], CultureInfo.InvariantCulture),
                IsResend: words[3] is not "first",
                IsUnanswered: words[3] is "unanswered"),
        };
        byte[] key = System.Text.Encoding.UTF8.GetBytes(counter);
        return (words[4] is "-" ? batch.RequireAbsent(key) : batch.RequireEqual(key, System.Text.Encoding.UTF8.GetBytes(words[4])))
            .Put(counter, words[5]);
    }

    private static async Task ReportAsync(string[] words, ValueTask<WriteResult> write, TextWriter output)
    {
        string outcome;
        try
        {
            WriteResult result = await write;
            outcome = $"{(result.Applied ? "applied" : "refused")} {result.Revision}";
        }
        catch (StorageException e)
        {
            outcome = $"{e.Code} 0";
        }

        await output.WriteLineAsync($"{words[0]} {words[1]} {outcome}");
    }
}
