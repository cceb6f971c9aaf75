using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace WsStorage.Outbox;

/// <summary>What the local store knew when the outbox was opened.</summary>
/// <param name="Id">The outbox's id.</param>
/// <param name="Delivered">The last record known to be delivered.</param>
/// <param name="HasMarker">Whether the target then has a marker under this id.</param>
internal readonly record struct OutboxFacts(Guid Id, RecordPoint Delivered, bool HasMarker);

/// <summary>
/// The keys of an outbox in its local store: <c>o/</c> and the sequence in eight bytes, big-endian, for a record; <c>f/id</c> for
/// the version and the id; <c>f/delivered</c> for how far it was delivered, which is a hint: the marker at the target is the truth.
/// </summary>
internal sealed class LocalStore(IStorage storage)
{
    private const byte Version = 1;
    private const int KeyBytes = 10;

    private static readonly byte[] IdKey = [.. "f/id"u8];
    private static readonly byte[] DeliveredKey = [.. "f/delivered"u8];

    public static byte[] KeyOf(ulong sequence)
    {
        byte[] key = new byte[KeyBytes];
        "o/"u8.CopyTo(key);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(2), sequence);
        return key;
    }

    /// <summary>Reads the facts, and makes an id where there is none or a new one is wanted.</summary>
    public async ValueTask<OutboxFacts> OpenAsync(bool newIdentity, CancellationToken cancellationToken)
    {
        GetManyResult facts = await storage.GetManyAsync([IdKey, DeliveredKey], cancellationToken).ConfigureAwait(false);
        RecordPoint delivered = default;
        bool hasMarker = false;
        if (facts.Values[1] is { } hint)
        {
            delivered = Marker.Read(hint.AsSpan(0, Math.Max(0, hint.Length - 1))) ?? throw Damaged("how far it is delivered");
            hasMarker = hint[^1] != 0;

            // The two are written together.
            _ = facts.Values[0] ?? throw Damaged("its id");
        }

        if (facts.Values[0] is { } id && !newIdentity)
        {
            return new OutboxFacts(ReadId(id), delivered, hasMarker);
        }

        var made = new OutboxFacts(Guid.NewGuid(), delivered, HasMarker: false);
        WriteBatch batch = new WriteBatch().Put(IdKey, [Version, .. made.Id.ToByteArray(bigEndian: true)]);
        PutDelivered(batch, delivered, hasMarker: false);
        await storage.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
        return made;
    }

    /// <summary>Submits a record; records are committed in the order of these calls.</summary>
    public Task<WriteResult> AppendAsync(ulong sequence, byte[] record) =>
        storage.WriteAsync(new WriteBatch().Put(KeyOf(sequence), record), CancellationToken.None).AsTask();

    /// <summary>The records after a sequence, up to another, in order. A record is valid until the walk goes on.</summary>
    public async IAsyncEnumerable<IReadOnlyList<OutboxRecord>> ScanAsync(
        ulong after, ulong through, int pageBytes, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var options = new ScanOptions { Range = Between(after, through), PageBytes = pageBytes };
        await foreach (ScanPage page in storage.ScanPagesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            var records = new List<OutboxRecord>(page.Count);
            foreach (ScanPage.Row row in page)
            {
                if (row.Key.Length != KeyBytes)
                {
                    throw Damaged("a record's key");
                }

                records.Add(OutboxRecord.Read(BinaryPrimitives.ReadUInt64BigEndian(row.Key.Span[2..]), row.Value));
            }

            yield return records;
        }
    }

    /// <summary>Reads one record.</summary>
    /// <returns>The record; none when it has been removed.</returns>
    public async ValueTask<OutboxRecord?> ReadAsync(ulong sequence, CancellationToken cancellationToken)
    {
        GetResult read = await storage.GetAsync(KeyOf(sequence), cancellationToken).ConfigureAwait(false);
        return read.Value is { } bytes ? OutboxRecord.Read(sequence, bytes) : null;
    }

    /// <summary>Notes how far the outbox is delivered, and removes records.</summary>
    /// <param name="delivered">The last record that is delivered.</param>
    /// <param name="after">Records up to here are gone already.</param>
    /// <param name="through">Records up to here go.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask TrimAsync(RecordPoint delivered, ulong after, ulong through, CancellationToken cancellationToken)
    {
        var batch = new WriteBatch();
        if (through > after)
        {
            batch.RemoveRange(Between(after, through));
        }

        PutDelivered(batch, delivered, hasMarker: true);
        await storage.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A record that should be there is not.</summary>
    public static StorageException Missing(ulong sequence) => Damaged($"record {sequence}");

    /// <summary>The operations of one of some records are malformed.</summary>
    public static StorageException Malformed(ulong first, ulong last, FormatException malformed) =>
        Damaged($"one of the records {first} to {last}", malformed);

    private static void PutDelivered(WriteBatch batch, RecordPoint delivered, bool hasMarker) =>
        batch.Put(DeliveredKey, [.. Marker.Write(delivered), (byte)(hasMarker ? 1 : 0)]);

    private static KeyRange Between(ulong after, ulong through) =>
        KeyRange.Between(KeyOf(after + 1), through == ulong.MaxValue ? "o0"u8.ToArray() : KeyOf(through + 1));

    private static Guid ReadId(byte[] fact) => fact.Length == 17 && fact[0] == Version
        ? new Guid(fact.AsSpan(1), bigEndian: true)
        : throw new StorageException(
            fact.Length > 0 && fact[0] != Version ? StorageErrorCode.UnsupportedVersion : StorageErrorCode.Corrupt,
            $"The local store holds an outbox that is not of version {Version}, the one that this program knows. Open it with the program that wrote it.");

    private static StorageException Damaged(string what, Exception? innerException = null) => new(
        StorageErrorCode.Corrupt,
        $"The local store of the outbox is damaged: {what} can't be read. Restore it from a backup.",
        innerException: innerException);
}
