namespace WsStorage.Protocol;

/// <summary>
/// What a message is. From 0x80 to 0xBF a client says it, from 0xC0 a server; the one reply of a request is its number
/// plus 0x40. No number is a Base64 digit, and none ever changes its meaning.
/// </summary>
public enum MessageType : byte
{
    /// <summary>The first message of a client: version, what it takes, who it is.</summary>
    Hello = 0x80,

    /// <summary>Asks what the store is and how far it is.</summary>
    Info = 0x81,

    /// <summary>Reads one key.</summary>
    Get = 0x82,

    /// <summary>Reads many keys at one revision.</summary>
    GetMany = 0x83,

    /// <summary>Applies a batch.</summary>
    Write = 0x84,

    /// <summary>Begins a scan.</summary>
    Scan = 0x85,

    /// <summary>Lets a scan send more bytes. No reply of its own.</summary>
    ScanCredit = 0x86,

    /// <summary>Ends a scan early. No reply of its own: the scan's end follows.</summary>
    Cancel = 0x87,

    /// <summary>Several messages of a client in one WebSocket message.</summary>
    ClientPack = 0x8F,

    /// <summary>The first message of a server: version, limits, position.</summary>
    Welcome = 0xC0,

    /// <summary>The answer to <see cref="Info"/>.</summary>
    InfoReply = 0xC1,

    /// <summary>The answer to <see cref="Get"/>.</summary>
    GetReply = 0xC2,

    /// <summary>The answer to <see cref="GetMany"/>.</summary>
    GetManyReply = 0xC3,

    /// <summary>The answer to <see cref="Write"/>.</summary>
    WriteReply = 0xC4,

    /// <summary>A page of a scan; more may follow.</summary>
    ScanPage = 0xC5,

    /// <summary>The end of a scan.</summary>
    ScanEnd = 0xC6,

    /// <summary>Several messages of a server in one WebSocket message.</summary>
    ServerPack = 0xCF,

    /// <summary>The answer to a request that failed.</summary>
    Error = 0xFF,
}
