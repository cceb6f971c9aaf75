using System.Globalization;
using System.Text;
using WsStorage.Core.Copies;
using WsStorage.RocksDb.Copies;

namespace WsStorage.RocksDb.TestProcess;

/// <summary>
/// Loads, applies and promotes copies of a <see cref="CopiedSource"/> without end, and goes on where an earlier process was. Says
/// the revision of the current copy whenever it has moved.
/// </summary>
public static class CopyRun
{
    /// <summary>So many revisions after the start of a load its rows were read.</summary>
    public const ulong ReadAfter = 12;

    /// <summary>So many revisions after the start of a load the copy is promoted.</summary>
    public const ulong PromotedAfter = 30;

    private const int RowsPerLoad = 20;

    /// <summary>Runs until the process is killed.</summary>
    public static async Task RunAsync(string directory, Durability durability)
    {
        var source = new CopiedSource();
        await using var store = RocksDbCopyStore.Open(directory, new RocksDbOptions { Durability = durability });
        Console.WriteLine("open");
        while (true)
        {
            ICopy next = store.Next ?? await store.BeginAsync([], source.PositionAt(RevisionOf(store.Current) + 5));
            while (next.State.Load is { IsComplete: false } load)
            {
                await LoadAsync(source, next, load);
                await FollowAsync(source, store.Current, 2);
            }

            // What is promoted is never behind what it replaces.
            ulong goal = Math.Max(RevisionOf(store.Current), (next.State.Load?.Start.Revision.Value ?? RevisionOf(next)) + PromotedAfter);
            while (RevisionOf(next) < goal)
            {
                await FollowAsync(source, next, Math.Min(4, goal - RevisionOf(next)));
            }

            IAsyncDisposable? replaced = await store.PromoteAsync();
            Tell(store.Current);
            if (replaced is not null)
            {
                await replaced.DisposeAsync();
            }

            await FollowAsync(source, store.Current, 3);
        }
    }

    private static async Task LoadAsync(CopiedSource source, ICopy next, CopyLoad load)
    {
        ulong read = load.Start.Revision.Value + ReadAfter;
        KeyValuePair<string, string>[] rows =
        [
            .. source.RowsAt(read)
                .Where(row => load.Last is not { } last || string.CompareOrdinal(row.Key, Encoding.UTF8.GetString(last.Span)) > 0)
                .Take(RowsPerLoad),
        ];
        byte[] packed = CopiedSource.Pack(rows);
        await next.LoadAsync(packed, load with
        {
            WholeAt = new Revision(read),
            Last = rows.Length > 0 ? Encoding.UTF8.GetBytes(rows[^1].Key) : load.Last,
            Rows = load.Rows + rows.Length,
            Bytes = load.Bytes + rows.Sum(row => row.Key.Length + row.Value.Length),
            IsComplete = rows.Length < RowsPerLoad,
        });
    }

    private static async Task FollowAsync(CopiedSource source, ICopy? copy, ulong count)
    {
        if (copy is not null)
        {
            ulong at = RevisionOf(copy);
            await copy.ApplyAsync(source.Batches(at, at + count));
            if (copy.State.Load is null)
            {
                Tell(copy);
            }
        }
    }

    private static ulong RevisionOf(ICopy? copy) => copy?.State.Position.Revision.Value ?? 0;

    private static void Tell(ICopy? copy) => Console.WriteLine(RevisionOf(copy).ToString(CultureInfo.InvariantCulture));
}
