namespace WsStorage.WsClient.Tests;

/// <summary>How long a test waits for what must come.</summary>
internal static class Patience
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    public static Task Soon(this Task task) => task.WaitAsync(Long);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Long);

    public static Task<T> Soon<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Long);

    /// <summary>The exception that a call must end with.</summary>
    public static async Task<StorageException> FailureAsync(this Task task) =>
        (await Assert.ThrowsAsync<StorageException>(() => task.Soon()))!;

    /// <summary>The next event of a watch.</summary>
    public static async Task<WatchEvent> NextAsync(this IAsyncEnumerator<WatchEvent> watch)
    {
        Assert.That(await watch.MoveNextAsync().Soon(), Is.True, "a watch never just ends");
        return watch.Current;
    }
}
