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

    /// <summary>Lets a scan, a range-hash or a watch send more bytes. No reply of its own.</summary>
    Credit = 0x86,

    /// <summary>Ends a scan, a range-hash or a watch. No reply of its own: its end follows.</summary>
    Cancel = 0x87,

    /// <summary>Begins a watch.</summary>
    Watch = 0x88,

    /// <summary>Applies a batch once, however often it is sent.</summary>
    NumberedWrite = 0x89,

    /// <summary>Asks all clients that watch a range to read it again.</summary>
    Invalidate = 0x8A,

    /// <summary>Keeps history for a follower.</summary>
    KeepHistory = 0x8B,

    /// <summary>Grants a lease to the client's session.</summary>
    LeaseGrant = 0x8C,

    /// <summary>Ends a lease.</summary>
    LeaseEnd = 0x8D,

    /// <summary>Several messages of a client in one WebSocket message.</summary>
    ClientPack = 0x8F,

    /// <summary>Begins to hash the rows of a range.</summary>
    RangeHash = 0x90,

    /// <summary>Makes a checkpoint.</summary>
    CheckpointCreate = 0x91,

    /// <summary>Reads a piece of a file of a checkpoint.</summary>
    CheckpointRead = 0x92,

    /// <summary>Releases a checkpoint.</summary>
    CheckpointRelease = 0x93,

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

    /// <summary>The end of a scan, a range-hash or a watch.</summary>
    End = 0xC6,

    /// <summary>How far a watch is complete.</summary>
    WatchMark = 0xC7,

    /// <summary>A batch that a watch tells of; more follow.</summary>
    WatchBatch = 0xC8,

    /// <summary>The answer to <see cref="NumberedWrite"/>.</summary>
    NumberedWriteReply = 0xC9,

    /// <summary>The answer to <see cref="Invalidate"/>.</summary>
    InvalidateReply = 0xCA,

    /// <summary>The answer to <see cref="KeepHistory"/>.</summary>
    KeepHistoryReply = 0xCB,

    /// <summary>The answer to <see cref="LeaseGrant"/>.</summary>
    LeaseGrantReply = 0xCC,

    /// <summary>The answer to <see cref="LeaseEnd"/>.</summary>
    LeaseEndReply = 0xCD,

    /// <summary>Tells a watch what its client is to read again.</summary>
    WatchInvalidation = 0xCE,

    /// <summary>Several messages of a server in one WebSocket message.</summary>
    ServerPack = 0xCF,

    /// <summary>Hashes of consecutive ranges; more may follow.</summary>
    RangeHashPage = 0xD0,

    /// <summary>The answer to <see cref="CheckpointCreate"/>.</summary>
    CheckpointReply = 0xD1,

    /// <summary>The answer to <see cref="CheckpointRead"/>.</summary>
    CheckpointPiece = 0xD2,

    /// <summary>The answer to <see cref="CheckpointRelease"/>.</summary>
    CheckpointReleaseReply = 0xD3,

    /// <summary>Says earlier messages of the same pack once more, under another id.</summary>
    Repeat = 0xD4,

    /// <summary>The answer to a request that failed.</summary>
    Error = 0xFF,
}
