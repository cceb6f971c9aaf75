namespace WsStorage.RocksDb.Tests;

/// <summary>Copies what a storage hands out.</summary>
internal static class CheckpointFiles
{
    /// <summary>Reads all files of a checkpoint into a new directory.</summary>
    public static async Task ReceiveAsync(ICheckpointStorage source, CheckpointInfo checkpoint, string directory, int pieceBytes)
    {
        Directory.CreateDirectory(directory);
        foreach (CheckpointFile file in checkpoint.Files)
        {
            await using FileStream target = File.Create(Path.Combine(directory, file.Name));
            while (target.Length < file.Length)
            {
                CheckpointPiece piece = await source.ReadCheckpointAsync(checkpoint.Id, file.Name, target.Length, pieceBytes);
                Assert.That(piece.Hash, Is.EqualTo(XxHash64.Hash(piece.Bytes.Span, 0)));
                await target.WriteAsync(piece.Bytes);
            }
        }
    }
}
