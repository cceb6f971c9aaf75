using System.Globalization;
using WsStorage.Core;
using WsStorage.Core.Copies;
using WsStorage.Replica;
using WsStorage.WsClient;

namespace WsStorage.EndToEnd.Tests;

/// <summary>Replicas that are served again.</summary>
public class RelayTests
{
    private const int Third = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task A_watch_moves_from_one_relay_to_another_without_a_gap_or_a_repeat()
    {
        using var timeout = new CancellationTokenSource(Patience);
        await using var source = new InMemoryStorage();
        await using Served origin = await Served.StartAsync(source);
        await using Relay first = await Relay.StartAsync(origin, "first");
        await using Relay second = await Relay.StartAsync(origin, "second");
        await using var client = new WsStorageClient(first.Served.ClientOptions() with { FallbackUrls = [second.Served.Url] });
        Position start = (await client.GetInfoAsync(timeout.Token)).Position;
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<List<Position>> watching = FollowAsync(client, start, begun, timeout.Token);
        await WriteAsync(source, timeout.Token);
        await await Task.WhenAny(begun.Task, watching);

        Task writing = WriteAsync(source, timeout.Token);
        await first.Served.DisposeAsync();
        await writing;
        await WriteAsync(source, timeout.Token);
        List<Position> told = await watching;

        Assert.That(told.Select(position => position.Revision.Value), Is.EqualTo(Enumerable.Range(1, 3 * Third).Select(revision => (ulong)revision)));
        Assert.That(told[^1], Is.EqualTo((await source.GetInfoAsync(timeout.Token)).Position), "the source's own position, hash included");
    }

    [Test]
    public async Task A_write_through_two_relays_is_seen_at_each_once_it_is_acknowledged()
    {
        using var timeout = new CancellationTokenSource(Patience);
        await using var source = new InMemoryStorage();
        await using Served origin = await Served.StartAsync(source);
        await using Relay near = await Relay.StartAsync(origin, "near");
        await using Relay far = await Relay.StartAsync(near.Served, "far");
        await using WsStorageClient client = far.Served.CreateClient();

        await client.PutStringAsync("k", "v", timeout.Token);

        foreach (IStorage each in (IStorage[])[client, far.Storage, near.Storage, source])
        {
            Assert.That(await each.GetStringAsync("k", timeout.Token), Is.EqualTo("v"));
        }

        Assert.That((await far.Storage.VerifyAsync(cancellationToken: timeout.Token)).IsEqual, Is.True);
    }

    private static async Task WriteAsync(InMemoryStorage source, CancellationToken cancellationToken)
    {
        for (int i = 0; i < Third; i++)
        {
            await source.PutStringAsync($"key/{i % 7}", i.ToString(CultureInfo.InvariantCulture), cancellationToken);
        }
    }

    private static async Task<List<Position>> FollowAsync(
        WsStorageClient client, Position start, TaskCompletionSource begun, CancellationToken cancellationToken)
    {
        var told = new List<Position>();
        await foreach (WatchEvent each in client.WatchAsync(new WatchOptions { After = start }, cancellationToken))
        {
            if (each.Kind == WatchEventKind.Changes)
            {
                told.Add(each.Position);
                if (told.Count == Third)
                {
                    begun.SetResult();
                }

                if (told.Count == 3 * Third)
                {
                    break;
                }
            }
        }

        return told;
    }

    /// <summary>A replica of a served store, served itself.</summary>
    private sealed class Relay : IAsyncDisposable
    {
        private readonly WsStorageClient _source;
        private readonly InMemoryCopyStore _copies = new();

        private Relay(Served origin, string name)
        {
            _source = origin.CreateClient();
            Storage = ReplicaStorage.Open(_source, _copies, new ReplicaOptions { Name = name });
        }

        public ReplicaStorage Storage { get; }

        public Served Served { get; private set; } = null!;

        public static async Task<Relay> StartAsync(Served origin, string name)
        {
            var relay = new Relay(origin, name);
            await relay.Storage.WaitUntilLiveAsync();
            relay.Served = await Served.StartAsync(relay.Storage);
            return relay;
        }

        public async ValueTask DisposeAsync()
        {
            await Served.DisposeAsync();
            await Storage.DisposeAsync();
            await _copies.DisposeAsync();
            await _source.DisposeAsync();
        }
    }
}
