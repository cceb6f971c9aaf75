using System.Globalization;
using System.Text;
using Spectre.Console;
using WsStorage;
using WsStorage.Replica;

namespace HostMetrics.Replica;

/// <summary>Shows what a replica holds. All is read from the copy beside us: it costs the producer nothing.</summary>
internal static class Metrics
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const int Columns = 30;

    /// <summary>Draws the last minute of each metric, four times a second.</summary>
    public static async Task DrawAsync(ReplicaStorage replica, CancellationToken stop)
    {
        using var clock = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        await AnsiConsole.Live(new Text("")).StartAsync(async live =>
        {
            while (await clock.WaitForNextTickAsync(stop))
            {
                live.UpdateTarget(await TableAsync(replica, stop));
            }
        });
    }

    /// <summary>Prints a line for each change, for those who have no terminal.</summary>
    public static async Task PrintAsync(ReplicaStorage replica, CancellationToken stop)
    {
        Console.WriteLine(Describe(replica.Status));
        await replica.WaitForAsync(Revision.None, stop); // until there is a copy, that of an earlier run at the latest

        // A watch on the replica is one like any other: every batch, in order, none twice and none left out.
        Position position = (await replica.GetInfoAsync(stop)).Position;
        var changes = new WatchOptions { Range = KeyRange.Prefix("latest/"), After = position };
        await foreach (WatchEvent told in replica.WatchAsync(changes, stop))
        {
            foreach (Change change in told)
            {
                Console.WriteLine($"{told.Revision}: {Encoding.UTF8.GetString(change.Key.Span)} = {Encoding.UTF8.GetString(change.Value.Span)}   ({Describe(replica.Status)})");
            }
        }
    }

    private static async Task<Table> TableAsync(ReplicaStorage replica, CancellationToken stop)
    {
        Table table = new Table().AddColumns("metric", "the last minute", "now").Caption(Markup.Escape(Describe(replica.Status)));
        if (!replica.Status.IsReadable)
        {
            return table;
        }

        await foreach (Entry newest in replica.ScanAsync(KeyRange.Prefix("latest/"), stop))
        {
            string name = newest.KeyText["latest/".Length..];
            var minute = new List<double>();
            byte[] from = Encoding.UTF8.GetBytes($"history/{name}/{DateTime.UtcNow.AddMinutes(-1):O}");
            await foreach (Entry reading in replica.ScanAsync(KeyRange.Between(from, KeyRange.Prefix($"history/{name}/").End), stop))
            {
                minute.Add(NumberIn(reading.ValueText));
            }

            table.AddRow(Markup.Escape(name), Spark(minute), Markup.Escape(newest.ValueText));
        }

        return table;
    }

    // How the replica stands, and how far and how old it is: what a program that reads copies has to tell its users.
    private static string Describe(ReplicaStatus status)
    {
        string behind = status.RevisionLag is { } lag ? $", {lag} behind" : "";
        string old = status.Staleness is { } age ? $", at most {age.TotalSeconds:0.0} s old" : "";
        string problem = status.Problem is { } error ? $", {error.Code}" : "";
        return $"{status.Phase}, revision {status.Revision}{behind}{old}{problem}";
    }

    private static string Spark(List<double> values)
    {
        if (values.Count == 0)
        {
            return "";
        }

        double least = values.Min();
        double height = Math.Max(values.Max() - least, 1e-9);
        int columns = Math.Min(Columns, values.Count);
        return string.Concat(Enumerable.Range(0, columns)
            .Select(column => values[(column + 1) * values.Count / columns - 1])
            .Select(value => Blocks[(int)((value - least) / height * (Blocks.Length - 1))]));
    }

    private static double NumberIn(string text) => text.Split(' ')
        .Select(word => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : (double?)null)
        .FirstOrDefault(number => number is not null) ?? 0;
}
