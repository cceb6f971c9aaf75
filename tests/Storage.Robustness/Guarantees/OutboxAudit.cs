using System.Globalization;
using System.Text;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Processes;

namespace WsStorage.Robustness.Guarantees;

/// <summary>
/// Goes through the whole log of a store to which an outbox was delivered: each record must be there once, after the one before it,
/// as the process wrote it to which it was acknowledged.
/// </summary>
internal sealed class OutboxAudit
{
    private readonly int[] _writer;
    private string? _twice;
    private string? _disordered;
    private int _last;

    private OutboxAudit(int count)
    {
        _writer = new int[count + 1];
        Array.Fill(_writer, -1);
    }

    /// <summary>Audits a store that nobody writes to any more.</summary>
    public static async Task<IReadOnlyList<Verdict>> RunAsync(IStorage store, IReadOnlyList<ProducerProcess> producers, int count, string? failure)
    {
        var audit = new OutboxAudit(count);
        StorageInfo info = await store.GetInfoAsync();
        if (info.Revision > Revision.None)
        {
            var origin = new Position(info.Epoch, Revision.None, Core.ChainHash.Seed);
            await foreach (WatchEvent told in store.WatchAsync(new WatchOptions { After = origin, Range = OutboxRows.Log, ProgressInterval = TimeSpan.FromMilliseconds(100) }))
            {
                foreach (Change change in told)
                {
                    audit.Add(change);
                }

                if (told.Revision >= info.Revision)
                {
                    break;
                }
            }
        }

        string size = $"{count:n0} records by {producers.Count} processes, in {info.Revision} batches";
        return
        [
            new Verdict("NothingAcceptedIsLost", size, audit.FindLost(producers)),
            new Verdict("NothingIsDeliveredTwice", size, audit._twice),
            new Verdict("EverythingIsDeliveredInOrder", size, audit._disordered ?? await FindOldSlotAsync(store, count)),
            new Verdict("DeliveryGoesOn", size, failure),
        ];
    }

    private void Add(Change change)
    {
        (int number, int incarnation) = OutboxRows.Read(change);
        if (_writer[number] >= 0)
        {
            _twice ??= $"record {number} was delivered twice, as written by processes {_writer[number]} and {incarnation}";
        }
        else if (number != _last + 1)
        {
            _disordered ??= $"record {number} came after record {_last}";
        }

        _writer[number] = incarnation;
        _last = number;
    }

    private string? FindLost(IReadOnlyList<ProducerProcess> producers)
    {
        foreach (ProducerProcess producer in producers)
        {
            for (int number = producer.From; number > 0 && number <= producer.Accepted; number++)
            {
                if (_writer[number] != producer.Incarnation)
                {
                    return $"record {number} was acknowledged to process {producer.Incarnation}, and the one in the log is of {_writer[number]}";
                }
            }
        }

        int missing = Array.IndexOf(_writer, -1, 1);
        return missing > 0 ? $"record {missing} is not in the log" : null;
    }

    private static async Task<string?> FindOldSlotAsync(IStorage store, int count)
    {
        foreach ((byte[] key, int number) in OutboxRows.LastSlots(count))
        {
            byte[]? value = (await store.GetAsync(key)).Value;
            string found = value is null ? "nothing" : Encoding.UTF8.GetString(value);
            if (!string.Equals(found, number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
            {
                return $"{Encoding.UTF8.GetString(key)} holds {found}, the last record there is {number}";
            }
        }

        return null;
    }
}
