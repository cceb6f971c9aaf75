using WsStorage.Cache;
using WsStorage.Core;

namespace WsStorage.Docs.Tests;

/// <summary>The function on the page about the near cache, compiled as it stands and run.</summary>
[NonParallelizable]
public class CachePageTests
{
    // What a program would go on with; it finds the store where the test has put it.
    private const string Call =
        """
        var storage = (IStorage)AppDomain.CurrentDomain.GetData("wsstorage-cache")!;
        if (await ReadAsync(storage) != "dark") throw new InvalidOperationException("It was not read.");
        """;

    [Test]
    public async Task The_function_on_the_page_does_what_it_says()
    {
        string[] blocks = CodeBlocks.Find(Repository.Read("docs/cache.md"), "csharp");
        Assert.That(blocks, Has.Length.EqualTo(1));
        Assert.That(Repository.Read("docs/cache.md"), Does.Contain($"{CacheOptions.EntryOverheadBytes} bytes"));
        await using var storage = new InMemoryStorage();
        await storage.PutStringAsync("config/theme", "dark");
        AppDomain.CurrentDomain.SetData("wsstorage-cache", storage);
        await Task.Run(CompiledProgram.Compile(blocks[0] + Call)).WaitAsync(TimeSpan.FromMinutes(2));
    }
}
