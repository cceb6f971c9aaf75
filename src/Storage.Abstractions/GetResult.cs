namespace WsStorage;

/// <summary>The answer to a read of one key.</summary>
/// <param name="Value">The value, owned by the receiver, or <see langword="null"/> when the key is absent.</param>
/// <param name="Revision">The value is that of this revision or a later one.</param>
public readonly record struct GetResult(byte[]? Value, Revision Revision)
{
    /// <summary>Whether the key is present.</summary>
    public bool Found => Value is not null;
}

/// <summary>The answer to a read of many keys at one revision.</summary>
/// <param name="Values">A value, owned by the receiver, or <see langword="null"/>, for each key asked for, in the order
/// asked.</param>
/// <param name="Revision">The values are those of this revision or a later one, the same for all.</param>
public readonly record struct GetManyResult(byte[]?[] Values, Revision Revision);
