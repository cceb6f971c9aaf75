using System.Runtime.CompilerServices;
using System.Text;

namespace WsStorage;

/// <summary>The one-key conveniences, the row-wise scan, and UTF-8 strings in the place of bytes.</summary>
public static class StorageExtensions
{
    /// <summary>Sets a key to a value.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>The revision of the write.</returns>
    public static ValueTask<Revision> PutAsync(
        this IStorage storage, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) =>
        WriteUnconditionallyAsync(storage, new WriteBatch().Put(key.Span, value.Span), cancellationToken);

    /// <summary>Removes a key, present or not.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>The revision of the write.</returns>
    public static ValueTask<Revision> RemoveAsync(
        this IStorage storage, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        WriteUnconditionallyAsync(storage, new WriteBatch().Remove(key.Span), cancellationToken);

    /// <summary>Removes every key in a range.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="range">The range.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>The revision of the write.</returns>
    public static ValueTask<Revision> RemoveRangeAsync(
        this IStorage storage, KeyRange range, CancellationToken cancellationToken = default) =>
        WriteUnconditionallyAsync(storage, new WriteBatch().RemoveRange(range), cancellationToken);

    /// <summary>Sets a key to a value if it is absent.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>Whether the key was absent and is now set.</returns>
    public static async ValueTask<bool> TryAddAsync(
        this IStorage storage, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        WriteBatch batch = new WriteBatch().RequireAbsent(key.Span).Put(key.Span, value.Span);
        return (await storage.WriteAsync(batch, cancellationToken).ConfigureAwait(false)).Applied;
    }

    /// <summary>Sets a key to a value if it is present with another one: compare and set.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="expected">The value that the key must have.</param>
    /// <param name="value">The value that it gets.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>Whether the key had the expected value and is now set.</returns>
    public static async ValueTask<bool> TryReplaceAsync(
        this IStorage storage,
        ReadOnlyMemory<byte> key,
        ReadOnlyMemory<byte> expected,
        ReadOnlyMemory<byte> value,
        CancellationToken cancellationToken = default)
    {
        WriteBatch batch = new WriteBatch().RequireEqual(key.Span, expected.Span).Put(key.Span, value.Span);
        return (await storage.WriteAsync(batch, cancellationToken).ConfigureAwait(false)).Applied;
    }

    /// <summary>Reads a range row by row in key order, all of it at one revision.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="options">What to read and how.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    /// <returns>The rows, owned by the receiver.</returns>
    public static async IAsyncEnumerable<Entry> ScanAsync(
        this IStorage storage, ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ScanPage page in storage.ScanPagesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            foreach (ScanPage.Row row in page)
            {
                yield return new Entry(row.Key.ToArray(), row.Value.ToArray());
            }
        }
    }

    /// <summary>Reads a range row by row in key order, all of it at one revision.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="range">The range.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    /// <returns>The rows, owned by the receiver.</returns>
    public static IAsyncEnumerable<Entry> ScanAsync(
        this IStorage storage, KeyRange range, CancellationToken cancellationToken = default) =>
        storage.ScanAsync(new ScanOptions { Range = range }, cancellationToken);

    /// <summary>
    /// Hashes the rows of a range, in key order, all of it at one revision: where the rows lie if the storage can do that
    /// (<see cref="IRangeHashStorage"/>), else here, of a scan.
    /// </summary>
    /// <param name="storage">The storage.</param>
    /// <param name="options">What to hash and how finely.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <returns>As <see cref="IRangeHashStorage.HashRangesAsync"/>.</returns>
    public static IAsyncEnumerable<RangeHash> HashRangesAsync(
        this IStorage storage, RangeHashOptions options, CancellationToken cancellationToken = default) =>
        storage is IRangeHashStorage able
            ? able.HashRangesAsync(options, cancellationToken)
            : RangeHasher.HashAsync(storage, options, cancellationToken);

    /// <summary>Reads a text under a key that is a text, both in UTF-8.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The text, or <see langword="null"/> when the key is absent.</returns>
    public static async ValueTask<string?> GetStringAsync(
        this IStorage storage, string key, CancellationToken cancellationToken = default)
    {
        GetResult result = await storage.GetAsync(Encoding.UTF8.GetBytes(key), cancellationToken).ConfigureAwait(false);
        return result.Value is { } value ? Encoding.UTF8.GetString(value) : null;
    }

    /// <summary>Sets a key that is a text to a text, both in UTF-8.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>The revision of the write.</returns>
    public static ValueTask<Revision> PutStringAsync(
        this IStorage storage, string key, string value, CancellationToken cancellationToken = default) =>
        storage.PutAsync(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value), cancellationToken);

    /// <summary>Removes a key that is a text in UTF-8, present or not.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>The revision of the write.</returns>
    public static ValueTask<Revision> RemoveStringAsync(
        this IStorage storage, string key, CancellationToken cancellationToken = default) =>
        storage.RemoveAsync(Encoding.UTF8.GetBytes(key), cancellationToken);

    /// <summary>Adds a put of a text under a key that is a text, both in UTF-8.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <returns>The batch.</returns>
    public static WriteBatch Put(this WriteBatch batch, string key, string value) =>
        batch.Put(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));

    /// <summary>Adds the removal of a key that is a text in UTF-8.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="key">The key.</param>
    /// <returns>The batch.</returns>
    public static WriteBatch Remove(this WriteBatch batch, string key) => batch.Remove(Encoding.UTF8.GetBytes(key));

    private static async ValueTask<Revision> WriteUnconditionallyAsync(
        IStorage storage, WriteBatch batch, CancellationToken cancellationToken) =>
        (await storage.WriteAsync(batch, cancellationToken).ConfigureAwait(false)).Revision;
}
