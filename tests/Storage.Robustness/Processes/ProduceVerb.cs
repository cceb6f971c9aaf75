using System.Globalization;
using System.Text.Json;
using WsStorage.Outbox;
using WsStorage.Robustness.Load;
using WsStorage.Robustness.Planted;
using WsStorage.RocksDb;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Robustness.Processes;

/// <summary>What a producer process is told when it is started.</summary>
internal sealed record ProduceOptions
{
    /// <summary>The directory of its outbox.</summary>
    public required string Directory { get; init; }

    /// <summary>The directory of the certificates.</summary>
    public required string Certificates { get; init; }

    /// <summary>Where on this machine it reaches the server.</summary>
    public required int Port { get; init; }

    /// <summary>The number of its last record.</summary>
    public required int Count { get; init; }

    /// <summary>Which of the processes it is, one after the other.</summary>
    public required int Incarnation { get; init; }

    /// <summary>When its outbox acknowledges a record.</summary>
    public Durability Durability { get; init; } = Durability.Synced;

    /// <summary>What is wrong with it on purpose.</summary>
    public PlantedBug Plant { get; init; }

    /// <summary>Reads what <see cref="ToArgument"/> wrote.</summary>
    public static ProduceOptions Parse(string argument) => JsonSerializer.Deserialize<ProduceOptions>(argument)!;

    /// <summary>One argument of a command line.</summary>
    public string ToArgument() => JsonSerializer.Serialize(this);
}

/// <summary>
/// The producer process: writes numbered records into an outbox, from the number after the last that the outbox has accepted. It
/// says <c>from N</c> at first, <c>accepted N</c> as the outbox acknowledges, <c>delivered N</c> now and then, and <c>done</c> once all
/// is delivered.
/// </summary>
internal static class ProduceVerb
{
    public const string Name = "produce";
    public const string From = "from";
    public const string Accepted = "accepted";
    public const string Delivered = "delivered";
    public const string Done = "done";

    private const int Outstanding = 256;
    private const int SaidEvery = 16;

    private static readonly TimeSpan DeliveredEvery = TimeSpan.FromMilliseconds(10);

    public static async Task<int> RunAsync(ProduceOptions options)
    {
        await using RocksDbStorage local = RocksDbStorage.Open(
            options.Directory, new RocksDbOptions { Durability = options.Durability, CommitLogBytes = 0, WriteBufferBytes = 8 << 20, BlockCacheBytes = 8 << 20 });
        MutualTlsOptions tls = new CertificateSet(options.Certificates).LoadClient();
        await using var client = new WsStorageClient(new ClientFactory(ServerProcess.UrlOf(options.Port), tls).Options with
        {
            OperationTimeout = TimeSpan.FromSeconds(2),
            ReconnectMaxDelay = TimeSpan.FromMilliseconds(50),
        });
        IStorage target = options.Plant == PlantedBug.UnguardedDelivery ? await UnguardedDelivery.CreateAsync(client, local) : client;
        await using OutboxStorage outbox = await OutboxStorage.OpenAsync(local, target, new OutboxOptions
        {
            MaxBytes = Math.Clamp(options.Count * 16L, 32 << 10, 4 << 20),
            MaxMergedRecords = 100,
            RetryBaseDelay = TimeSpan.FromMilliseconds(10),
            RetryMaxDelay = TimeSpan.FromMilliseconds(100),
        });
        int next = (int)outbox.Status.AcceptedSequence + 1;
        Say(From, next);
        using var saying = new Timer(_ => Say(Delivered, (int)outbox.Status.DeliveredSequence), null, DeliveredEvery, DeliveredEvery);
        await WriteAsync(outbox, options, next);
        await outbox.FlushAsync();
        Console.WriteLine(Done);
        return 0;
    }

    private static async Task WriteAsync(OutboxStorage outbox, ProduceOptions options, int next)
    {
        Queue<(int Number, Task Accepted)> outstanding = new();
        while (next <= options.Count || outstanding.Count > 0)
        {
            if (next <= options.Count && outstanding.Count < Outstanding)
            {
                Task<WriteResult> write = outbox.WriteAsync(OutboxRows.Of(next, options.Incarnation)).AsTask();
                if (!IsFull(write))
                {
                    outstanding.Enqueue((next++, write));
                    continue;
                }

                if (outstanding.Count == 0)
                {
                    // The number was not taken: it goes again once there is room.
                    await outbox.FlushAsync();
                    continue;
                }
            }

            (int number, Task accepted) = outstanding.Dequeue();
            await accepted;
            if (number % SaidEvery == 0 || outstanding.Count == 0)
            {
                Say(Accepted, number);
            }
        }
    }

    private static bool IsFull(Task write) =>
        write.Exception?.InnerException is StorageException { Code: StorageErrorCode.LimitExceeded };

    private static void Say(string what, int number) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {number}"));
}
