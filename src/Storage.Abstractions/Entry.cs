namespace WsStorage;

/// <summary>A key and its value, owned by the receiver.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
public readonly record struct Entry(byte[] Key, byte[] Value)
{
    /// <summary>The key read as UTF-8.</summary>
    public string KeyText => System.Text.Encoding.UTF8.GetString(Key);

    /// <summary>The value read as UTF-8.</summary>
    public string ValueText => System.Text.Encoding.UTF8.GetString(Value);
}
