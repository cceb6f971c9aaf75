using System.Globalization;
using System.Net;
using WsStorage.Core.Copies;
using WsStorage.Replica;
using WsStorage.Robustness.Planted;
using WsStorage.Robustness.Processes;
using WsStorage.RocksDb;
using WsStorage.RocksDb.Copies;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;
using WsStorage.WsServer;
using WsStorage.WsServer.Leases;

namespace WsStorage.Robustness.Replicas;

/// <summary>
/// The replica's process: RocksDB, following a source over mutual TLS, and served again if that is asked for. It is ready once it
/// has begun to follow.
/// </summary>
internal static class FollowVerb
{
    public const string Name = "follow";
    public const string Status = "status";
    public const string Until = "until";
    public const string UntilLoading = "until-loading";
    public const string Digest = "digest";
    public const string Verify = "verify";
    public const string Mend = "mend";
    public const string Damage = "damage";

    public static async Task<int> RunAsync(FollowOptions options)
    {
        var certificates = new CertificateSet(options.Certificates);
        await using var source = new WsStorageClient(new WsStorageClientOptions
        {
            Url = options.Source,
            Tls = certificates.LoadClient(),
            Name = options.Name,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            ReconnectBaseDelay = TimeSpan.FromMilliseconds(10),
            ReconnectMaxDelay = TimeSpan.FromMilliseconds(500),
        });
        await using RocksDbCopyStore copies = RocksDbCopyStore.Open(options.Directory, new RocksDbOptions
        {
            Durability = Durability.Buffered,
            WriteBufferBytes = 8 << 20,
            BlockCacheBytes = 32 << 20,
        });
        var loading = new LoadingSignal();
        await using ReplicaStorage replica = ReplicaStorage.Open(source, PlantedBugs.InReplica(copies, options.Plant), new ReplicaOptions
        {
            Name = options.Name,
            Bootstrap = Enum.Parse<BootstrapMode>(options.Bootstrap),
            Progress = loading,
        });
        await using WsStorageServer? server = options.ServePort is { } port ? await ServeAsync(replica, certificates, port) : null;
        Console.WriteLine(ChildProcess.Ready);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            Console.WriteLine(await AnswerAsync(replica, copies, loading, line.Split(' ')));
        }

        return 0;
    }

    private static async Task<WsStorageServer> ServeAsync(ReplicaStorage replica, CertificateSet certificates, int port)
    {
        var server = new WsStorageServer(replica, new WsStorageServerOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, port),
            Tls = certificates.LoadServer(),
            Leases = new LeaseOptions { Enabled = false },
        });
        await server.StartAsync();
        return server;
    }

    private static async Task<string> AnswerAsync(
        ReplicaStorage replica, RocksDbCopyStore copies, LoadingSignal loading, string[] words)
    {
        switch (words[0])
        {
            case Status:
                return Report(replica.Status).ToLine();
            case Until:
                await replica.WaitForAsync(new Revision(ulong.Parse(words[1], CultureInfo.InvariantCulture)));
                return Report(replica.Status).ToLine();
            case UntilLoading:
                await loading.Begun;
                return Report(replica.Status).ToLine();
            case Digest:
                return (await StoreDigest.ReadAsync(replica)).ToString();
            case Verify:
                return Report(await replica.VerifyAsync()).ToLine();
            case Mend:
                return Report(await replica.VerifyAsync(new VerifyOptions { Mend = true })).ToLine();
            case Damage:
                return Convert.ToHexString(await DamageAsync(copies.Current!, Convert.FromHexString(words[2]), Enum.Parse<DifferenceKind>(words[1])));
            case ProcessMemory.Peak:
                return ProcessMemory.Measure();
            default:
                return $"What is '{words[0]}'?";
        }
    }

    /// <summary>Makes a row of the copy other than the source's: the first at or after a key.</summary>
    /// <returns>The key.</returns>
    private static async Task<byte[]> DamageAsync(ICopy copy, byte[] from, DifferenceKind kind)
    {
        if (kind == DifferenceKind.Extra)
        {
            byte[] extra = [.. from, 0];
            await copy.MendAsync(new WriteBatch().Put(extra, from));
            return extra;
        }

        Entry row = await copy.ScanAsync(new ScanOptions { Range = KeyRange.From(from), Limit = 1 }).FirstAsync();
        byte[] value = [.. row.Value];
        WriteBatch damage = new();
        if (kind == DifferenceKind.Missing)
        {
            damage.Remove(row.Key);
        }
        else if (value.Length == 0)
        {
            damage.Put(row.Key, [1]);
        }
        else
        {
            value[^1] ^= 1;
            damage.Put(row.Key, value);
        }

        await copy.MendAsync(damage);
        return row.Key;
    }

    private static ReplicaReport Report(ReplicaStatus status) => new()
    {
        Phase = status.Phase.ToString(),
        Revision = status.Revision.Value,
        Lag = status.RevisionLag,
        Staleness = status.Staleness?.TotalSeconds,
        Bytes = status.Bytes,
        BootstrappedBy = status.BootstrappedBy.ToString(),
        Bootstraps = status.Bootstraps,
        Problem = status.Problem?.Message,
    };

    private static VerifyReport Report(VerifyResult result) => new()
    {
        Revision = result.Revision.Value,
        Rows = result.Rows,
        Differences = result.Differences,
        FirstKey = result.First is { } first ? Convert.ToHexString(first.Key) : null,
        Mended = result.Mended,
    };

    /// <summary>Hears whether the replica gets a copy or follows, or only tries to.</summary>
    private sealed class LoadingSignal : IProgress<ReplicaStatus>
    {
        private TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when it does.</summary>
        public Task Begun => Volatile.Read(ref _begun).Task;

        /// <summary>Called for one status after the other.</summary>
        public void Report(ReplicaStatus value)
        {
            if (value.Phase is not (ReplicaPhase.Connecting or ReplicaPhase.Stopped))
            {
                _begun.TrySetResult();
            }
            else if (_begun.Task.IsCompleted)
            {
                Volatile.Write(ref _begun, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }
        }
    }
}
