using System.Diagnostics;
using System.Text.Json;
using WsStorage.Core.Copies;
using WsStorage.Replica;
using WsStorage.RocksDb.Copies;
using WsStorage.Transport.Tls;
using WsStorage.WsClient;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>Has the replica follow until it has a revision of its source: <see cref="FollowAnswer"/>. It goes on following.</summary>
/// <param name="Through">The revision.</param>
internal sealed record FollowQuestion(ulong Through) : HostQuestion;

/// <summary>
/// Has a replica of its own make its first copy and follow until it has a revision of the source: <see cref="FollowAnswer"/>. Nothing
/// is left of it.
/// </summary>
/// <param name="Through">The revision.</param>
/// <param name="Mode">How the copy comes.</param>
/// <param name="Directory">Where it is made; it must not be there.</param>
internal sealed record CopyQuestion(ulong Through, BootstrapMode Mode, string Directory) : HostQuestion;

/// <summary>Has the replica stop, and stay as it is: nothing is answered.</summary>
internal sealed record StopQuestion : HostQuestion;

/// <summary>
/// Has a copy store of its own take what the source tells after a position, from memory and in groups as large as the replica's:
/// <see cref="FollowAnswer"/>.
/// </summary>
/// <param name="Epoch">The position's epoch.</param>
/// <param name="After">Its revision.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Through">Up to this revision.</param>
internal sealed record TakeQuestion(Guid Epoch, ulong After, ulong Hash, ulong Through) : HostQuestion;

/// <summary>How long something took.</summary>
/// <param name="Seconds">In seconds.</param>
/// <param name="CopiedBytes">The bytes that a first copy had, or zero.</param>
/// <param name="ByFiles">Whether they came as files.</param>
/// <param name="IsEqual">Whether copy and source have the same position and range hashes.</param>
internal sealed record FollowAnswer(double Seconds, long CopiedBytes, bool ByFiles, bool IsEqual);

/// <summary>Keeps a replica of another host's store, which follows when it is told to.</summary>
internal sealed class ReplicaHost : IHost
{
    private static readonly int GroupBytes = new ReplicaOptions { Name = "replica" }.ApplyBytes;

    private readonly HostOptions _options;
    private readonly WsStorageClient _source;
    private FollowingReplica? _following;

    private ReplicaHost(HostOptions options, WsStorageClient source)
    {
        _options = options;
        _source = source;
    }

    public HostAddresses Addresses => new(_options.ReplicaOf!, _options.ReplicaOf!, _options.ReplicaOf!);

    public static ReplicaHost Start(HostOptions options) => new(options, new WsStorageClient(new WsStorageClientOptions
    {
        Url = options.ReplicaOf!,
        Tls = new CertificateSet(options.Certificates).LoadClient(),
        Name = "replica",
    }));

    public async Task<string> AnswerAsync(HostQuestion question)
    {
        switch (question)
        {
            case FollowQuestion follow:
                return JsonSerializer.Serialize(await FollowAsync(new Revision(follow.Through)));
            case CopyQuestion copy:
                return JsonSerializer.Serialize(await CopyAsync(copy));
            case StopQuestion:
                await StopAsync();
                return "null";
            case TakeQuestion take:
                return JsonSerializer.Serialize(await TakeAsync(take));
            default:
                throw new InvalidOperationException($"A host of a replica does not answer a {question.GetType().Name}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _source.DisposeAsync();
    }

    private static async Task<FollowAnswer> FollowAsync(ReplicaStorage replica, Revision through, long start)
    {
        await replica.WaitUntilLiveAsync();
        await replica.WaitForAsync(through);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        VerifyResult verified = await replica.VerifyAsync(new VerifyOptions());
        ReplicaStatus status = replica.Status;
        return new FollowAnswer(seconds, status.Bytes, status.BootstrappedBy == BootstrapKind.Files, verified.IsEqual);
    }

    private async Task<FollowAnswer> FollowAsync(Revision through)
    {
        long start = Stopwatch.GetTimestamp();
        _following ??= FollowingReplica.Open(_source, _options.Data!, BootstrapMode.Auto);
        return await FollowAsync(_following.Replica, through, start);
    }

    private async Task<FollowAnswer> CopyAsync(CopyQuestion copy)
    {
        long start = Stopwatch.GetTimestamp();
        FollowAnswer answer;
        await using (FollowingReplica replica = FollowingReplica.Open(_source, copy.Directory, copy.Mode))
        {
            answer = await FollowAsync(replica.Replica, new Revision(copy.Through), start);
        }

        Directory.Delete(copy.Directory, recursive: true);
        return answer;
    }

    private async Task<FollowAnswer> TakeAsync(TakeQuestion take)
    {
        var after = new Position(take.Epoch, new Revision(take.After), take.Hash);
        List<List<CopiedBatch>> groups = await ReadGroupsAsync(after, take.Through);
        string directory = $"{_options.Data}-taken";
        FollowAnswer taken;
        await using (RocksDbCopyStore store = RocksDbCopyStore.Open(directory, EngineOptions.Of(Durability.Buffered)))
        {
            ICopy copy = await store.BeginAsync([], after);
            await copy.LoadAsync(default, new CopyLoad { Start = after, WholeAt = after.Revision, IsComplete = true });
            long start = Stopwatch.GetTimestamp();
            foreach (List<CopiedBatch> group in groups)
            {
                await copy.ApplyAsync(group.ToArray());
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            bool isEqual = copy.State.Position.Revision.Value == take.Through;
            taken = new FollowAnswer(seconds, CopiedBytes: 0, ByFiles: false, isEqual);
        }

        Directory.Delete(directory, recursive: true);
        return taken;
    }

    private async Task<List<List<CopiedBatch>>> ReadGroupsAsync(Position after, ulong through)
    {
        var groups = new List<List<CopiedBatch>>();
        int room = 0;
        await foreach (WatchEvent told in _source.WatchAsync(new WatchOptions { After = after }))
        {
            if (told.Kind == WatchEventKind.Changes)
            {
                if (room <= 0)
                {
                    groups.Add([]);
                    room = GroupBytes;
                }

                groups[^1].Add(new CopiedBatch(told.Position, told.CommitTime, told.PackedOperations.ToArray()));
                room -= told.PackedOperations.Length;
            }

            if (told.Revision.Value >= through)
            {
                break;
            }
        }

        return groups;
    }

    private async Task StopAsync()
    {
        if (_following is { } following)
        {
            _following = null;
            await following.DisposeAsync();
        }
    }

    private sealed class FollowingReplica(ICopyStore copies, ReplicaStorage replica) : IAsyncDisposable
    {
        public ReplicaStorage Replica => replica;

        public static FollowingReplica Open(IStorage source, string directory, BootstrapMode mode)
        {
            RocksDbCopyStore copies = RocksDbCopyStore.Open(directory, EngineOptions.Of(Durability.Buffered));
            var replica = ReplicaStorage.Open(source, copies, new ReplicaOptions { Name = "replica", Bootstrap = mode });
            return new FollowingReplica(copies, replica);
        }

        public async ValueTask DisposeAsync()
        {
            await replica.DisposeAsync();
            await copies.DisposeAsync();
        }
    }
}
