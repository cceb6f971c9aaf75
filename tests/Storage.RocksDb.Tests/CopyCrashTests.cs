using System.Globalization;
using WsStorage.Core.Copies;
using WsStorage.RocksDb.Copies;
using WsStorage.RocksDb.TestProcess;

namespace WsStorage.RocksDb.Tests;

/// <summary>A process that is killed while it loads, applies and promotes copies.</summary>
public sealed class CopyCrashTests : StoreFixture
{
    private const int Kills = 8;

    private readonly CopiedSource _source = new();

    [Test]
    public async Task A_killed_process_leaves_whole_copies_whose_rows_and_positions_agree(
        [Values(Durability.Synced, Durability.Buffered)] Durability durability)
    {
        var random = new Random(17);
        ulong acknowledged = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            using ChildProcess child = ChildProcess.Start("copies", StorePath, durability.ToString());
            Assert.That(await child.ReadLineAsync(), Is.EqualTo("open"));
            for (int lines = random.Next(1, 40); lines > 0; lines--)
            {
                acknowledged = ulong.Parse(await child.ReadLineAsync(), CultureInfo.InvariantCulture);
            }

            // The last line may have been cut short by the kill.
            string[] rest = (await child.KillAsync()).Split('\n');
            acknowledged = rest.Length > 1 ? ulong.Parse(rest[^2], CultureInfo.InvariantCulture) : acknowledged;
            ulong current = await CheckAsync();
            Assert.That(current, Is.GreaterThanOrEqualTo(acknowledged), "what was acknowledged is there");
        }
    }

    private async Task<ulong> CheckAsync()
    {
        ulong revision;
        await using (RocksDbCopyStore store = RocksDbCopyStore.Open(StorePath))
        {
            CopyState state = store.Current!.State;
            revision = state.Position.Revision.Value;
            Assert.That(state.Load, Is.Null);
            await CheckRowsAsync(store.Current, _source.RowsAt(revision));
            if (store.Next is { } next)
            {
                await CheckNextAsync(next);
            }

            int copies = store.Next is null ? 1 : 2;
            string[] entries = [.. Directory.GetFileSystemEntries(StorePath).Select(path => Path.GetFileName(path))];
            Assert.That(entries.Where(name => !name.StartsWith("copy-", StringComparison.Ordinal)), Is.EquivalentTo(new[] { "LOCK", "current" }));
            Assert.That(entries, Has.Length.EqualTo(2 + copies), "what was replaced or dropped is gone");
        }

        string directory = Path.Combine(StorePath, (await File.ReadAllTextAsync(Path.Combine(StorePath, "current"))).TrimEnd());
        List<StoredBatch> batches = StoredLog.ReadAndCheck(directory);
        Assert.That(batches[^1].Revision.Value, Is.EqualTo(revision));
        Assert.That(
            batches.Select(batch => batch.Operations),
            Is.EqualTo(_source.Batches(batches[0].Revision.Value - 1, revision).Select(batch => batch.PackedOperations.ToArray())));
        return revision;
    }

    private async Task CheckNextAsync(ICopy next)
    {
        ulong revision = next.State.Position.Revision.Value;
        if (next.State.Load is not { } load)
        {
            // Killed between the two steps of a promotion.
            await CheckRowsAsync(next, _source.RowsAt(revision));
            return;
        }

        ulong read = load.Start.Revision.Value + CopyRun.ReadAfter;
        var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in _source.RowsAt(read).Take((int)load.Rows))
        {
            rows.Add(key, value);
        }

        Assert.That(load.Last?.ToArray(), Is.EqualTo(rows.Count == 0 ? null : B(rows.Keys.Last())));
        if (!load.IsComplete)
        {
            Assert.That(next.State.Position, Is.EqualTo(load.Start));
        }

        foreach (CopiedBatch batch in _source.Batches(load.Start.Revision.Value, revision))
        {
            ModelOperations.Apply(rows, batch.PackedOperations.Span);
        }

        await CheckRowsAsync(next, rows);
        Assert.That(next.State.IsWhole, Is.EqualTo(load.IsComplete && revision >= read));
        if (next.State.IsWhole)
        {
            Assert.That(rows, Is.EqualTo(_source.RowsAt(revision)));
        }
    }

    private async Task CheckRowsAsync(ICopy copy, SortedDictionary<string, string> expected)
    {
        Position position = copy.State.Position;
        Assert.That(position, Is.EqualTo(_source.PositionAt(position.Revision.Value)));
        Assert.That((await copy.GetInfoAsync()).Position, Is.EqualTo(position));
        Assert.That(await DumpAsync(copy), Is.EqualTo(expected.Select(row => $"{row.Key}={row.Value}")));
    }
}
