namespace WsStorage;

/// <summary>What became of the write that an error speaks of. The numbers travel on the wire.</summary>
public enum WriteOutcome : byte
{
    /// <summary>Nothing was changed: it is safe to try again.</summary>
    NotApplied = 0,

    /// <summary>The write was applied, although something failed afterwards.</summary>
    Applied = 1,

    /// <summary>The write may have been applied, or may still be.</summary>
    Unknown = 2,
}
