using System.Runtime.CompilerServices;
using System.Text;

namespace WsStorage;

/// <summary>Turns values of a type into bytes and back.</summary>
/// <typeparam name="T">The type.</typeparam>
public interface IValueSerializer<T>
{
    /// <summary>Makes bytes of a value.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The bytes.</returns>
    byte[] Serialize(T value);

    /// <summary>Makes a value of bytes.</summary>
    /// <param name="bytes">What <see cref="Serialize"/> gave.</param>
    /// <returns>The value.</returns>
    T Deserialize(ReadOnlySpan<byte> bytes);
}

/// <summary>
/// A view of a storage, or of the part of it under a prefix, in which keys are texts and values have a type. A thin layer
/// with no state of its own: as thread-safe as the storage, which it does not own, and its serializer.
/// </summary>
/// <typeparam name="T">The type of the values.</typeparam>
/// <param name="storage">The storage.</param>
/// <param name="serializer">Turns values into bytes and back.</param>
/// <param name="prefix">Stands before every key in the storage and before none in the view.</param>
public sealed class TypedStorage<T>(IStorage storage, IValueSerializer<T> serializer, string prefix = "")
{
    private readonly int _prefixBytes = Encoding.UTF8.GetByteCount(prefix);

    /// <summary>Reads one key.</summary>
    /// <param name="key">The key, without the prefix.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether the key is present, and its value.</returns>
    public async ValueTask<(bool Found, T? Value)> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        GetResult result = await storage.GetAsync(ToBytes(key), cancellationToken).ConfigureAwait(false);
        return result.Value is { } bytes ? (true, serializer.Deserialize(bytes)) : (false, default);
    }

    /// <summary>Sets a key to a value.</summary>
    /// <param name="key">The key, without the prefix.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>The revision of the write.</returns>
    public ValueTask<Revision> PutAsync(string key, T value, CancellationToken cancellationToken = default) =>
        storage.PutAsync(ToBytes(key), serializer.Serialize(value), cancellationToken);

    /// <summary>Removes a key, present or not.</summary>
    /// <param name="key">The key, without the prefix.</param>
    /// <param name="cancellationToken">Ends the wait, not the write.</param>
    /// <returns>The revision of the write.</returns>
    public ValueTask<Revision> RemoveAsync(string key, CancellationToken cancellationToken = default) =>
        storage.RemoveAsync(ToBytes(key), cancellationToken);

    /// <summary>Reads the keys that begin with a text, in key order, at one revision.</summary>
    /// <param name="keyPrefix">The text, without the view's prefix; empty for all.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    /// <returns>Keys, without the prefix, and values.</returns>
    public async IAsyncEnumerable<KeyValuePair<string, T>> ScanAsync(
        string keyPrefix = "", [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var options = new ScanOptions { Range = KeyRange.Prefix(ToBytes(keyPrefix)) };
        await foreach (ScanPage page in storage.ScanPagesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            foreach (ScanPage.Row row in page)
            {
                string key = Encoding.UTF8.GetString(row.Key.Span[_prefixBytes..]);
                yield return KeyValuePair.Create(key, serializer.Deserialize(row.Value.Span));
            }
        }
    }

    private byte[] ToBytes(string key) => Encoding.UTF8.GetBytes(prefix + key);
}
