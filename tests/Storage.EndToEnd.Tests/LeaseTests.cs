using WsStorage.Core;
using WsStorage.Leases;
using WsStorage.Testing.Network;
using WsStorage.WsClient;

namespace WsStorage.EndToEnd.Tests;

/// <summary>Leases, locks and numbers over the whole road, by the clock on the wall.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LeaseTests : IAsyncDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly InMemoryStorage _storage = new();

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Test]
    public async Task Clients_and_the_host_share_a_lock_and_its_tokens_grow()
    {
        await using Served served = await Served.StartAsync(_storage);
        await using WsStorageClient first = served.CreateClient();
        await using WsStorageClient second = served.CreateClient();
        int holders = 0;
        var tokens = new List<Revision>();
        await Task.WhenAll(new ILeaseStorage[] { first, second, served.Server.Leases }.Select(storage => Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                await using StorageLock held = await storage.LockAsync("shared", Long);
                Assert.That(Interlocked.Increment(ref holders), Is.EqualTo(1));
                tokens.Add(held.Token);
                Assert.That((await storage.WriteAsync(held.Require(new WriteBatch()).Put("n", $"{i}"))).Applied, Is.True);
                Interlocked.Decrement(ref holders);
            }
        }))).WaitAsync(Patience);
        Assert.That(tokens, Has.Count.EqualTo(30).And.Ordered.And.Unique);
    }

    [Test]
    public async Task A_lock_of_a_client_that_is_gone_goes_to_who_waits_for_it()
    {
        await using Served served = await Served.StartAsync(_storage);
        WsStorageClient gone = served.CreateClient();
        StorageLock held = await gone.LockAsync("name", Short);
        await using WsStorageClient waiting = served.CreateClient();
        Task<StorageLock> next = waiting.LockAsync("name", Long).AsTask();
        await gone.DisposeAsync();
        await using StorageLock taken = await next.WaitAsync(Patience);
        Assert.That(taken.Token, Is.GreaterThan(held.Token));
    }

    [Test]
    public async Task A_lease_outlasts_a_cut_and_a_restart_of_the_server()
    {
        int port = FreePort.Find();
        Served served = await Served.StartAsync(_storage, port: port);
        await using WsStorageClient client = served.CreateClient();
        await using StorageLease lease = await client.GrantLeaseAsync(Long);
        await lease.PutAsync("before"u8.ToArray(), "1"u8.ToArray());
        StorageLease hosts = await served.Server.Leases.GrantLeaseAsync(Long);
        await hosts.PutAsync("host"u8.ToArray(), "1"u8.ToArray());
        await served.DisposeAsync();
        Assert.That(await _storage.GetStringAsync("host"), Is.Null, "the host's leases end with its server");
        await using Served again = await Served.StartAsync(_storage, port: port);
        await lease.PutAsync("after"u8.ToArray(), "1"u8.ToArray());
        Assert.That(lease.Ended.IsCancellationRequested, Is.False);
        await lease.DisposeAsync();
        Assert.That(await _storage.GetStringAsync("before"), Is.Null);
        Assert.That(await _storage.GetStringAsync("after"), Is.Null);
    }

    [Test]
    public async Task A_watcher_sees_all_that_was_bound_go_in_one_event()
    {
        await using Served served = await Served.StartAsync(_storage);
        await using WsStorageClient client = served.CreateClient();
        StorageLease lease = await client.GrantLeaseAsync(Long);
        await lease.WriteAsync(lease.Bind(lease.Bind(new WriteBatch(), "k/1"u8, "a"u8), "k/2"u8, "b"u8));
        using var patience = new CancellationTokenSource(Patience);
        await foreach (WatchEvent told in client.WatchAsync(new WatchOptions { Range = KeyRange.Prefix("k/") }, patience.Token))
        {
            if (told.Kind == WatchEventKind.Progress)
            {
                await lease.DisposeAsync();
                continue;
            }

            var removed = new List<string>();
            foreach (Change change in told)
            {
                Assert.That(change.Kind, Is.EqualTo(BatchOperationKind.Remove));
                removed.Add(System.Text.Encoding.UTF8.GetString(change.Key.Span));
            }

            Assert.That(removed, Is.EquivalentTo(new[] { "k/1", "k/2" }));
            break;
        }
    }

    [Test]
    public async Task Each_client_has_a_number_of_its_own()
    {
        await using Served served = await Served.StartAsync(_storage);
        WsStorageClient[] clients = [.. Enumerable.Range(0, 8).Select(_ => served.CreateClient())];
        PrefixLease[] numbers = await Task.WhenAll(clients.Select(client => client.AcquirePrefixAsync("peer/", Long).AsTask())).WaitAsync(Patience);
        Assert.That(numbers.Select(each => each.Number).Order(), Is.EqualTo(Enumerable.Range(1, 8)));
        await numbers.Single(each => each.Number == 3).DisposeAsync();
        Assert.That((await served.Server.Leases.AcquirePrefixAsync("peer/", Long)).Number, Is.EqualTo(3));
        foreach (WsStorageClient client in clients)
        {
            await client.DisposeAsync();
        }
    }
}
