using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.WsClient.Tests;

/// <summary>Where a caller goes on whose reply has come alone.</summary>
[TestFixture]
public sealed class HeldReplyTests
{
    [Test]
    public async Task A_caller_that_blocks_when_it_goes_on_does_not_hold_up_what_comes_next()
    {
        var server = new ScriptedServer();
        await using WsStorageClient client = server.CreateClient();
        using var release = new ManualResetEventSlim();
        Task blocked = Task.Run(async () =>
        {
            await client.GetAsync("a"u8.ToArray());
            release.Wait();
        });
        ScriptedServer.Link link = await server.AcceptAsync();
        ScriptedServer.Request first = await link.ReceiveAsync();
        await link.ReplyAsync(first, new GetReply(new Revision(1), found: true, "1"u8));

        // The first caller stands still, on whatever thread it is; the second is answered all the same.
        Task<GetResult> second = client.GetAsync("b"u8.ToArray()).AsTask();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(new Revision(2), found: true, "2"u8));
        Assert.That((await second.Soon()).Revision.Value, Is.EqualTo(2));
        Assert.That(blocked.IsCompleted, Is.False);
        release.Set();
        await blocked.Soon();
    }

    [Test]
    public async Task One_client_can_be_closed_by_the_caller_that_goes_on()
    {
        var server = new ScriptedServer();
        WsStorageClient client = server.CreateClient();
        Task closing = Task.Run(async () =>
        {
            await client.GetAsync("a"u8.ToArray());
            await client.DisposeAsync();
        });
        ScriptedServer.Link link = await server.AcceptAsync();
        await link.ReplyAsync(await link.ReceiveAsync(), new GetReply(new Revision(1), found: true, "1"u8));
        await closing.Soon();
        Assert.That(closing.IsCompletedSuccessfully, Is.True);
    }
}
