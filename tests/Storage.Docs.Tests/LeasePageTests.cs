using WsStorage.Core;
using WsStorage.Leases;
using WsStorage.Testing;
using WsStorage.Transport.Tls;
using WsStorage.WsServer;

namespace WsStorage.Docs.Tests;

/// <summary>The functions on the page about leases, compiled as they stand and run.</summary>
[NonParallelizable]
public class LeasePageTests
{
    // What a program would go on with; it finds the store where the test has put it.
    private static readonly string[] Calls =
    [
        """
        var storage = (ILeaseStorage)AppDomain.CurrentDomain.GetData("wsstorage-leases")!;
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(1));
        try { await AnnounceAsync(storage, stop.Token); } catch (OperationCanceledException) { }
        if (await storage.GetStringAsync("online/worker 7") is not null) throw new InvalidOperationException("It is announced still.");
        """,
        """
        var storage = (ILeaseStorage)AppDomain.CurrentDomain.GetData("wsstorage-leases")!;
        await RunAloneAsync(storage, (token, lost) => Task.CompletedTask);
        if (await storage.GetStringAsync("report/done") != "yes") throw new InvalidOperationException("It was not done.");
        """,
        """
        var storage = (ILeaseStorage)AppDomain.CurrentDomain.GetData("wsstorage-leases")!;
        string key = await NameMyselfAsync(storage);
        if (key != "peer/1/name" || await storage.GetStringAsync(key) is null) throw new InvalidOperationException(key);
        """,
    ];

    [Test]
    public async Task The_functions_on_the_page_do_what_it_says()
    {
        using var directory = new TemporaryDirectory();
        string[] blocks = CodeBlocks.Find(Repository.Read("docs/leases.md"), "csharp");
        Assert.That(blocks, Has.Length.EqualTo(Calls.Length));
        await using var storage = new InMemoryStorage();
        MutualTlsOptions tls = CertificateSet.Create(directory.Combine("certs")).LoadServer();
        await using var server = new WsStorageServer(storage, new WsStorageServerOptions { Tls = tls });
        AppDomain.CurrentDomain.SetData("wsstorage-leases", server.Leases);
        foreach ((string block, string call) in blocks.Zip(Calls))
        {
            await Task.Run(CompiledProgram.Compile(block + call)).WaitAsync(TimeSpan.FromMinutes(2));
        }
    }
}
