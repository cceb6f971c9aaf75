using System.Globalization;
using System.Text;

namespace WsStorage.EndToEnd.Tests;

/// <summary>
/// One caller among many: owns the keys under a prefix, writes to them, reads them back, gives some calls up, and keeps count
/// of what it was told. Every value carries its key and a number that grows.
/// </summary>
internal sealed class StressWorker(IStorage storage, string prefix, int seed)
{
    private const int Keys = 3;
    private const int MostAttempts = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly HashSet<long> _refused = [];
    private readonly HashSet<long> _unknown = [];
    private int _applied;
    private int _failed;
    private long _issued;
    private long _acknowledged;

    public int Applied => Volatile.Read(ref _applied);

    public int Failed => Volatile.Read(ref _failed);

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await (_random.Next(6) switch
            {
                0 => GetAsync(),
                1 => GetManyAsync(),
                2 => ScanAsync(),
                _ => WriteBurstAsync(),
            });
        }
    }

    /// <summary>What the store holds at the end agrees with what this caller was told.</summary>
    /// <param name="store">The store itself.</param>
    public async Task CheckAsync(IStorage store)
    {
        long? number = null;
        for (int key = 0; key < Keys; key++)
        {
            GetResult result = await store.GetAsync(Key(key));
            long found = result.Found ? Read(key, result.Value!) : 0;
            Assert.That(found, Is.EqualTo(number ??= found), "a batch was applied in part");
        }

        Assert.That(
            number == _acknowledged || _unknown.Contains(number!.Value),
            Is.True,
            $"{prefix}: the store holds {number}; {_acknowledged} was acknowledged last, and {number} is not of unknown outcome");
    }

    /// <summary>Writes and reads once; fails if that can't be done.</summary>
    public async Task UseAsync()
    {
        for (int attempt = 1; await WriteAsync(NextBatch(), _issued) == default; attempt++)
        {
            // The connection may be one that was made in the storm, and hang for longer than a call may take.
            Assert.That(attempt, Is.LessThan(MostAttempts), "no write is applied any more");
        }

        for (int attempt = 1; ; attempt++)
        {
            GetResult result = default;
            if (await CallAsync(async token => result = await storage.GetAsync(Key(0), token)) == WriteOutcome.Applied)
            {
                Assert.That(Read(0, result.Value!), Is.EqualTo(_issued));
                return;
            }

            Assert.That(attempt, Is.LessThan(MostAttempts), "no read is answered any more");
        }
    }

    private async Task WriteBurstAsync()
    {
        var burst = new List<Task<Revision>>();
        for (int i = _random.Next(1, 12); i > 0; i--)
        {
            burst.Add(WriteAsync(NextBatch(), _issued));
        }

        Revision last = default;
        foreach (Revision revision in await Task.WhenAll(burst))
        {
            if (revision != default)
            {
                Assert.That(revision.Value, Is.GreaterThan(last.Value), "writes were applied in another order than called");
                last = revision;
            }
        }
    }

    private async Task<Revision> WriteAsync(WriteBatch batch, long number)
    {
        Revision revision = default;
        WriteOutcome outcome = await CallAsync(async token =>
        {
            WriteResult result = await storage.WriteAsync(batch, token);
            Assert.That(result.Applied, Is.True);
            revision = result.Revision;
        });
        lock (_gate)
        {
            switch (outcome)
            {
                case WriteOutcome.Applied:
                    _acknowledged = Math.Max(_acknowledged, number);
                    break;
                case WriteOutcome.Unknown:
                    _unknown.Add(number);
                    break;
                default:
                    _refused.Add(number);
                    break;
            }
        }

        return revision;
    }

    private Task<WriteOutcome> GetAsync()
    {
        int key = _random.Next(Keys);
        return CallAsync(async token =>
        {
            GetResult result = await storage.GetAsync(Key(key), token);
            if (result.Found)
            {
                Read(key, result.Value!);
            }
        });
    }

    private Task<WriteOutcome> GetManyAsync() => CallAsync(async token =>
    {
        GetManyResult result = await storage.GetManyAsync([.. Enumerable.Range(0, Keys).Select(key => (ReadOnlyMemory<byte>)Key(key))], token);
        long[] numbers = [.. result.Values.Select((value, key) => value is null ? 0 : Read(key, value))];
        Assert.That(numbers.Distinct().Count(), Is.EqualTo(1), "a batch was seen in part");
    });

    private Task<WriteOutcome> ScanAsync() => CallAsync(async token =>
    {
        int rows = 0;
        int most = _random.Next(1, 2 * Keys);
        var options = new ScanOptions { Range = KeyRange.Prefix(Encoding.ASCII.GetBytes(prefix)), PageBytes = 1024 };
        await foreach (Entry entry in storage.ScanAsync(options, token))
        {
            Assert.That(entry.Key.ToArray(), Is.EqualTo(Key(rows)), "a scan skips or repeats");
            Read(rows, entry.Value.ToArray());
            if (++rows >= most)
            {
                return;
            }
        }

        Assert.That(rows, Is.AnyOf(0, Keys), "a scan that failed was taken for one that ended");
    });

    /// <summary>Makes a call that must end, and in a way that is allowed.</summary>
    private async Task<WriteOutcome> CallAsync(Func<CancellationToken, Task> call)
    {
        using var cancellation = new CancellationTokenSource();
        Task task = call(cancellation.Token);
        if (_random.Next(5) == 0)
        {
            for (int i = _random.Next(4); i > 0; i--)
            {
                await Task.Yield();
            }

            await cancellation.CancelAsync();
        }

        try
        {
            await task.WaitAsync(Patience);
            Interlocked.Increment(ref _applied);
            return WriteOutcome.Applied;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return WriteOutcome.Unknown;
        }
        catch (StorageException exception)
        {
            Assert.That(
                exception.Code,
                Is.AnyOf(StorageErrorCode.ConnectionLost, StorageErrorCode.ConnectFailed, StorageErrorCode.Timeout),
                exception.ToString());
            Interlocked.Increment(ref _failed);
            return exception.Outcome;
        }
    }

    private WriteBatch NextBatch()
    {
        _issued++;
        var batch = new WriteBatch();
        for (int key = 0; key < Keys; key++)
        {
            string value = $"{prefix}{key}={_issued.ToString(CultureInfo.InvariantCulture)}=";
            batch.Put(Key(key), Encoding.ASCII.GetBytes(value.PadRight(value.Length + (_random.Next(8) == 0 ? _random.Next(20_000) : 0), '.')));
        }

        return batch;
    }

    /// <summary>The number in a value, which must be one of its key and may not have been refused.</summary>
    private long Read(int key, byte[] value)
    {
        string[] parts = Encoding.ASCII.GetString(value).Split('=');
        Assert.That(parts[0], Is.EqualTo($"{prefix}{key}"), "a reply reached another request than its own");
        long number = long.Parse(parts[1], CultureInfo.InvariantCulture);
        Assert.That(number, Is.InRange(1, _issued));
        Assert.That(_refused, Does.Not.Contain(number), "a write that was refused was applied");
        return number;
    }

    private byte[] Key(int key) => Encoding.ASCII.GetBytes($"{prefix}{key}");
}
