namespace WsStorage.Testing;

/// <summary>Reads a watch event by event, and keeps copies of all that it told.</summary>
public sealed class WatchProbe : IAsyncDisposable
{
    private readonly IAsyncEnumerator<WatchEvent> _events;
    private readonly List<ToldEvent> _told = [];

    private WatchProbe(IAsyncEnumerator<WatchEvent> events) => _events = events;

    /// <summary>All that it told so far, the first mark included.</summary>
    public IReadOnlyList<ToldEvent> Told => _told;

    /// <summary>The mark with which it began.</summary>
    public Position Start => _told[0].Position;

    /// <summary>The batches that it told so far.</summary>
    public IEnumerable<ToldEvent> Changes => _told.Where(told => told.Kind == WatchEventKind.Changes);

    /// <summary>Begins a watch and reads its first mark.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="options">What to follow and from where.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>The probe, to be disposed of.</returns>
    public static Task<WatchProbe> StartAsync(
        IStorage storage, WatchOptions options, CancellationToken cancellationToken) =>
        StartAsync(storage.WatchAsync(options, cancellationToken));

    /// <summary>Begins a watch and reads its first mark.</summary>
    /// <param name="watch">The watch.</param>
    /// <returns>The probe, to be disposed of.</returns>
    public static async Task<WatchProbe> StartAsync(IAsyncEnumerable<WatchEvent> watch)
    {
        var probe = new WatchProbe(watch.GetAsyncEnumerator(CancellationToken.None));
        try
        {
            ToldEvent first = await probe.NextAsync();
            Assert.That(first.Kind, Is.EqualTo(WatchEventKind.Progress), "a watch begins with a mark");
            return probe;
        }
        catch
        {
            await probe.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the next event.</summary>
    /// <returns>A copy of it.</returns>
    public async Task<ToldEvent> NextAsync()
    {
        Assert.That(await _events.MoveNextAsync(), Is.True, "a watch never just ends");
        var told = ToldEvent.Of(_events.Current);
        _told.Add(told);
        return told;
    }

    /// <summary>Reads on to the next batch, past marks.</summary>
    /// <returns>A copy of it.</returns>
    public async Task<ToldEvent> NextChangesAsync()
    {
        ToldEvent told = await NextAsync();
        while (told.Kind != WatchEventKind.Changes)
        {
            told = await NextAsync();
        }

        return told;
    }

    /// <summary>Reads until everything up to a revision has been told.</summary>
    /// <param name="revision">The revision.</param>
    /// <returns>Completes then.</returns>
    public async Task ReadThroughAsync(Revision revision)
    {
        while (_told[^1].Revision < revision)
        {
            await NextAsync();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _events.DisposeAsync();
}
