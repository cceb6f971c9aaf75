using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Leases;
using WsStorage.Testing;
using WsStorage.WsServer.Leases;

namespace WsStorage.WsServer.Tests.Leases;

/// <summary>A store, a clock that stands still, and a keeper that can be started anew.</summary>
internal sealed class KeeperFixture : IAsyncDisposable
{
    public static readonly TimeSpan TimeToLive = TimeSpan.FromSeconds(10);

    public KeeperFixture(StorageLimits? limits = null, LeaseOptions? options = null)
    {
        Storage = new ObservedStorage(limits);
        Options = options ?? new LeaseOptions();
        Keeper = Start();
        Presence.Connect(Owner);
    }

    public ObservedStorage Storage { get; }

    public LeaseOptions Options { get; }

    public ManualTimeProvider Clock { get; } = new();

    public FakePresence Presence { get; } = new();

    public LeaseKeeper Keeper { get; private set; }

    /// <summary>A session that is connected at first.</summary>
    public Guid Owner { get; } = Guid.NewGuid();

    /// <summary>Another server over the same store, as after a crash: no client is connected to it yet.</summary>
    public async Task RestartAsync()
    {
        Presence.Disconnect(Owner);
        await Keeper.StopAsync();
        Keeper = Start();
        await Keeper.LoadedAsync();
    }

    public Task<TimeSpan> GrantAsync(ulong id = 1, TimeSpan? timeToLive = null) =>
        Keeper.GrantAsync(Owner, id, timeToLive ?? TimeToLive);

    /// <summary>Binds a key as a client does.</summary>
    /// <returns>Whether the lease had not ended.</returns>
    public async Task<bool> BindAsync(string key, string value, ulong lease = 1)
    {
        byte[] bytes = Bytes.Of(value);
        WriteBatch batch = new WriteBatch().RequirePresent(LeaseKeys.Record(lease)).Put(key, value)
            .Put(LeaseKeys.Binding(lease, Bytes.Of(key)), LeaseKeys.HashOf(bytes));
        return (await Storage.WriteUnseenAsync(batch)).Applied;
    }

    public Task WhenGoneAsync(ulong lease = 1) => Storage.WhenAbsentAsync(LeaseKeys.Record(lease));

    public async ValueTask DisposeAsync()
    {
        await Keeper.DisposeAsync();
        await Storage.DisposeAsync();
    }

    private LeaseKeeper Start()
    {
        var keeper = new LeaseKeeper(Storage, Presence, Options, Clock, NullLogger.Instance);
        keeper.Start();
        return keeper;
    }
}
