using WsStorage.Core;
using WsStorage.RocksDb;
using WsStorage.Testing;
using WsStorage.WsClient;
using WsStorage.WsServer;

namespace WsStorage.EndToEnd.Tests;

/// <summary>The files of a store, read by a client piece by piece.</summary>
public class CheckpointTests
{
    private const int PieceBytes = CheckpointInfo.MaxPieceBytes;
    private const int Ahead = 4;

    private static readonly Dictionary<string, byte[]> Files = new(StringComparer.Ordinal)
    {
        ["000007.sst"] = Bytes.Noise((20 * PieceBytes) + 12_345),
        ["000009.sst"] = Bytes.Noise(PieceBytes, seed: 2),
        ["CURRENT"] = Bytes.Of("MANIFEST-000005\n"),
        ["empty.log"] = [],
    };

    [Test]
    public async Task A_store_is_copied_file_by_file()
    {
        await using var inner = new InMemoryStorage();
        await inner.PutStringAsync("k", "v");
        await using var storage = new CheckpointedStorage(inner) { Files = Files };
        await using Served served = await Served.StartAsync(storage);
        await using WsStorageClient client = served.CreateClient();

        CheckpointInfo info = await client.CreateCheckpointAsync();
        Assert.That(info.Position, Is.EqualTo((await inner.GetInfoAsync()).Position));
        foreach (CheckpointFile file in info.Files)
        {
            Assert.That(await CopyAsync(client, info.Id, file, 0), Is.EqualTo(Files[file.Name]), file.Name);
        }

        await client.ReleaseCheckpointAsync(info.Id);
        Assert.That(storage.Checkpoints, Is.Empty);
        Assert.That(
            async () => await client.ReadCheckpointAsync(info.Id, "CURRENT", 0, 1),
            Throws.InstanceOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.NotFound));
    }

    [Test]
    public async Task The_files_of_a_store_on_disk_arrive_as_they_were_read()
    {
        using var directory = new TemporaryDirectory();
        await using RocksDbStorage storage = RocksDbStorage.Open(directory.FullPath, new RocksDbOptions { Durability = Durability.Buffered });
        for (int i = 0; i < 4; i++)
        {
            await storage.PutAsync(Bytes.Numbered("k", i), Bytes.Noise(PieceBytes, i));
        }

        await using Served served = await Served.StartAsync(storage);
        await using WsStorageClient client = served.CreateClient();
        CheckpointInfo info = await client.CreateCheckpointAsync();
        Assert.That(info.Position, Is.EqualTo((await storage.GetInfoAsync()).Position));
        Assert.That(info.ByteCount, Is.GreaterThan(4 * PieceBytes));
        foreach (CheckpointFile file in info.Files)
        {
            Assert.That(await CopyAsync(client, info.Id, file, 0), Has.Length.EqualTo(file.Length), file.Name);
        }

        await client.ReleaseCheckpointAsync(info.Id);
    }

    [Test]
    public async Task A_copy_goes_on_over_another_connection_where_it_was()
    {
        await using var inner = new InMemoryStorage();
        await using var storage = new CheckpointedStorage(inner) { Files = Files };
        await using Served served = await Served.StartAsync(storage);
        const int half = 10 * PieceBytes;
        CheckpointInfo info;
        byte[] first;
        await using (WsStorageClient client = served.CreateClient())
        {
            info = await client.CreateCheckpointAsync();
            first = await CopyAsync(client, info.Id, new CheckpointFile("000007.sst", half), 0);
        }

        await using WsStorageClient next = served.CreateClient();
        byte[] second = await CopyAsync(next, info.Id, info.Files.Single(file => file.Name is "000007.sst"), half);
        Assert.That((byte[])[.. first, .. second], Is.EqualTo(Files["000007.sst"]));
    }

    [Test]
    public async Task A_store_without_files_and_a_server_that_keeps_them_say_so()
    {
        await using var inner = new InMemoryStorage();
        await using var storage = new CheckpointedStorage(inner) { Files = Files };
        await using Served plain = await Served.StartAsync(inner);
        await using Served refusing = await Served.StartAsync(storage, new StorageSessionOptions { AllowCheckpoints = false });
        foreach (Served served in new[] { plain, refusing })
        {
            await using WsStorageClient client = served.CreateClient();
            Assert.That(
                async () => await client.CreateCheckpointAsync(),
                Throws.InstanceOf<StorageException>().With.Property(nameof(StorageException.Code)).EqualTo(StorageErrorCode.Unsupported));
        }
    }

    private static async Task<byte[]> CopyAsync(WsStorageClient client, Guid checkpoint, CheckpointFile file, long from)
    {
        List<byte> copy = [];
        var asked = new Queue<Task<CheckpointPiece>>();
        for (long offset = from; offset < file.Length || asked.Count > 0; offset += PieceBytes)
        {
            if (offset < file.Length)
            {
                asked.Enqueue(client.ReadCheckpointAsync(checkpoint, file.Name, offset, (int)Math.Min(PieceBytes, file.Length - offset)).AsTask());
            }

            if (asked.Count == Ahead || offset >= file.Length - PieceBytes)
            {
                CheckpointPiece piece = await asked.Dequeue();
                Assert.That(piece.Hash, Is.EqualTo(XxHash64.Hash(piece.Bytes.Span, 0)));
                copy.AddRange(piece.Bytes.Span);
            }
        }

        return [.. copy];
    }
}
