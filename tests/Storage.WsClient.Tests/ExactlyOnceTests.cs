using System.Globalization;
using System.Text;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Tests;

public class ExactlyOnceTests
{
    private const int Writes = 3000;

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task Each_write_is_applied_once_and_in_order_wherever_the_link_is_cut(int seed)
    {
        var scripted = new ScriptedServer { Session = new SessionFacts(true, 0, TimeSpan.FromDays(7)) };
        scripted.Limits = scripted.Limits with { MaxRequestsInFlight = 40 };
        await using WsStorageClient client = scripted.CreateClient();
        var server = new OnceServer(scripted, new Random(seed));
        Task serving = server.ServeAsync();
        var results = new Task<Revision>[Writes];
        for (int i = 0; i < Writes; i++)
        {
            results[i] = client.PutAsync("k"u8.ToArray(), Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture))).AsTask();
            if (i % 100 == 99)
            {
                await results[i - 50].Soon();
            }
        }

        Revision[] revisions = await Task.WhenAll(results).Soon();
        Assert.That(server.Applied, Is.EqualTo(Enumerable.Range(0, Writes).Select(i => i.ToString(CultureInfo.InvariantCulture))));
        Assert.That(revisions, Is.EqualTo(Enumerable.Range(1, Writes).Select(i => new Revision((ulong)i))));
        Assert.That(server.Repeated, Is.GreaterThan(10), "no answer was lost");
        Assert.That(server.MostRecords, Is.LessThanOrEqualTo(40), "what is answered is acknowledged");
        await client.DisposeAsync();
        scripted.Stop();
        await serving.Soon();
    }
}
