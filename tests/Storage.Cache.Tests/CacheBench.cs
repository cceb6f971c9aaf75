using WsStorage.Testing;

namespace WsStorage.Cache.Tests;

/// <summary>A cache over a scripted source, whose watch has begun after revision 10.</summary>
internal sealed class CacheBench : IAsyncDisposable
{
    public const ulong Start = 10;

    private CacheBench(CacheOptions options)
    {
        Cache = new CachedStorage(Source, options with { TimeProvider = Clock, Jitter = () => 0.5 });
    }

    public ManualTimeProvider Clock { get; } = new();

    public ScriptedSource Source { get; } = new();

    public CachedStorage Cache { get; }

    public ScriptedWatch Watch { get; private set; } = null!;

    /// <summary>The question of the probe that is asked when a watch begins, unanswered.</summary>
    public Request<StorageInfo> FirstInfo { get; private set; } = null!;

    public static async Task<CacheBench> StartAsync(CacheOptions? options = null)
    {
        var bench = new CacheBench(options ?? new CacheOptions());
        bench.Watch = await bench.Source.NextWatchAsync();
        bench.FirstInfo = await bench.Source.NextInfoAsync();
        await bench.Watch.MarkAsync(Start);
        return bench;
    }

    public static GetResult Answer(string? value, ulong revision) =>
        new(value is null ? null : Bytes.Of(value), new Revision(revision));

    public StorageInfo Info(ulong revision) => new()
    {
        Engine = "scripted",
        Position = Watch.At(revision),
        ApproximateBytes = 0,
        ApproximateKeys = 0,
        Durability = Durability.Volatile,
        Limits = StorageLimits.Default,
    };

    /// <summary>Reads a key that must be a miss, and answers it.</summary>
    public async Task<GetResult> FillAsync(string key, string? value, ulong revision)
    {
        Task<GetResult> read = ReadAsync(key);
        Request<GetResult> sent = await Source.NextGetAsync();
        Assert.That(sent.Key, Is.EqualTo(key));
        sent.Answer.SetResult(Answer(value, revision));
        return await read.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public Task<GetResult> ReadAsync(string key) => Cache.GetAsync(Bytes.Of(key)).AsTask();

    /// <summary>Whether a read is answered at once, from the cache.</summary>
    public bool IsHit(string key, out string? value, out ulong revision)
    {
        (value, revision) = (null, 0);
        int sent = Source.WaitingGets;
        ValueTask<GetResult> read = Cache.GetAsync(Bytes.Of(key));
        if (!read.IsCompletedSuccessfully || Source.WaitingGets != sent)
        {
            return false;
        }

        GetResult result = read.AsTask().GetAwaiter().GetResult();
        value = result.Value is null ? null : System.Text.Encoding.UTF8.GetString(result.Value);
        revision = result.Revision.Value;
        return true;
    }

    public bool IsHit(string key) => IsHit(key, out _, out _);

    /// <summary>Ends the watch with an error; the next one begins, after the pause, and has told nothing yet.</summary>
    public async Task FailWatchAsync(StorageErrorCode code)
    {
        Watch.Fail(code);
        await ResumeAsync();
    }

    /// <summary>Moves the clock over the first pause after a failure.</summary>
    public async Task ResumeAsync()
    {
        await Clock.WaitForTimerAsync(TimeSpan.FromMilliseconds(50));
        Clock.Advance(TimeSpan.FromMilliseconds(50));
        Guid epoch = Watch.Epoch;
        Watch = await Source.NextWatchAsync();
        Watch.Epoch = epoch;
        FirstInfo = await Source.NextInfoAsync();
    }

    public async ValueTask DisposeAsync() => await Cache.DisposeAsync();
}
