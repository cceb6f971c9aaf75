namespace WsStorage.Protocol.Tests;

internal static class Refusal
{
    /// <summary>Demands that a reader refuses what it is given.</summary>
    /// <param name="read">Reads.</param>
    /// <param name="code">Why it is refused.</param>
    public static void Assert(Action read, StorageErrorCode code) => NUnit.Framework.Assert.That(
        read, Throws.TypeOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(code));
}
