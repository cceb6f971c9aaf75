using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Outbox.Tests;

/// <summary>An outbox between two stores in memory, which can be closed and opened again.</summary>
public abstract class OutboxFixture
{
    private CancellationTokenSource? _deadline;

    internal InMemoryStorage Local { get; private set; } = null!;

    internal FaultyStorage Target { get; private set; } = null!;

    internal OutboxStorage Outbox { get; set; } = null!;

    protected CancellationToken Deadline => _deadline!.Token;

    /// <summary>Waits are so short that a test need not move a clock.</summary>
    internal static OutboxOptions Options => new()
    {
        RetryBaseDelay = TimeSpan.FromMilliseconds(1),
        RetryMaxDelay = TimeSpan.FromMilliseconds(5),
    };

    [SetUp]
    public async Task SetUp()
    {
        _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Local = new InMemoryStorage();
        Target = new FaultyStorage();
        Outbox = await OpenAsync();
    }

    [TearDown]
    public async Task TearDown()
    {
        await Outbox.DisposeAsync();
        await Target.DisposeAsync();
        await Local.DisposeAsync();
        _deadline!.Dispose();
    }

    internal ValueTask<OutboxStorage> OpenAsync(OutboxOptions? options = null, IStorage? local = null) =>
        OutboxStorage.OpenAsync(local ?? Local, Target, options ?? Options, Deadline);

    internal async Task ReopenAsync(OutboxOptions? options = null)
    {
        await Outbox.DisposeAsync();
        Outbox = await OpenAsync(options);
    }

    internal async Task PutAsync(string key, string value) => await Outbox.PutAsync(Bytes.Of(key), Bytes.Of(value), Deadline);

    internal async Task<string?> GetAsync(string key) => await Outbox.GetStringAsync(key, Deadline);

    /// <summary>All rows of the target but markers, as "key=value".</summary>
    internal Task<List<string>> DeliveredAsync() => RowsAsync(Target.Inner);

    internal static async Task<List<string>> RowsAsync(IStorage storage, ScanOptions? options = null)
    {
        List<string> rows = [];
        await foreach (Entry row in storage.ScanAsync(options ?? new ScanOptions()))
        {
            if (!ReservedKeys.Range.Contains(row.Key))
            {
                rows.Add($"{row.KeyText}={row.ValueText}");
            }
        }

        return rows;
    }

    /// <summary>What was put at the target in its history, in order, markers left out.</summary>
    internal async Task<List<string>> HistoryAsync()
    {
        List<string> puts = [];
        Revision last = (await Target.Inner.GetInfoAsync(Deadline)).Revision;
        if (last == Revision.None)
        {
            return puts;
        }

        StorageInfo info = await Target.Inner.GetInfoAsync(Deadline);
        var origin = new Position(info.Epoch, Revision.None, ChainHash.Seed);
        await foreach (WatchEvent told in Target.Inner.WatchAsync(new WatchOptions { After = origin }, Deadline))
        {
            foreach (Change change in told)
            {
                if (!ReservedKeys.Range.Contains(change.Key.Span) && change.Kind == BatchOperationKind.Put)
                {
                    var row = new Entry(change.Key.ToArray(), change.Value.ToArray());
                    puts.Add($"{row.KeyText}={row.ValueText}");
                }
            }

            if (told.Revision >= last)
            {
                break;
            }
        }

        return puts;
    }

    /// <summary>Waits until the status is as wanted; it changes without an event, so it is looked at again and again.</summary>
    internal async Task<OutboxStatus> UntilAsync(Func<OutboxStatus, bool> isWanted)
    {
        while (true)
        {
            OutboxStatus status = Outbox.Status;
            if (isWanted(status))
            {
                return status;
            }

            await Task.Yield();
            Deadline.ThrowIfCancellationRequested();
        }
    }
}
