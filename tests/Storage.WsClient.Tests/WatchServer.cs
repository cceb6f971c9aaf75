using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

/// <summary>
/// A server of watches over a store that commits one put after the other, to sixteen keys in turn. It keeps to the credit that it
/// is granted, and cuts the link at random.
/// </summary>
internal sealed class WatchServer(ScriptedServer server, Random random, int revisions)
{
    private static readonly Guid Epoch = Guid.NewGuid();

    private readonly int _last = revisions;
    private int _committed;

    /// <summary>How many links were cut while watches were open.</summary>
    public int Cut { get; private set; }

    public static Position At(int revision) => new(Epoch, new Revision((ulong)revision), (ulong)revision * 31);

    public static byte[] KeyOf(int revision) => [(byte)(revision % 16)];

    public static byte[] ValueOf(int revision) => [.. BitConverter.GetBytes(revision), .. new byte[revision % 300]];

    /// <summary>Serves until the server is stopped.</summary>
    public async Task ServeAsync()
    {
        await foreach (ScriptedServer.Link link in server.AcceptAllAsync())
        {
            var open = new Dictionary<RequestId, OpenWatch>();
            try
            {
                for (int left = random.Next(400); left >= 0; left--)
                {
                    while (link.HasRequest || open.Count == 0)
                    {
                        await TakeAsync(link, await link.ReceiveAsync(), open);
                    }

                    _committed = Math.Min(_last, _committed + random.Next(3));
                    await SendAsync(link, open.ElementAt(random.Next(open.Count)));
                }

                Cut += open.Count > 0 ? 1 : 0;
            }
            catch (TransportException)
            {
                // The client has ended.
            }

            link.Cut();
        }
    }

    private async Task TakeAsync(ScriptedServer.Link link, ScriptedServer.Request request, Dictionary<RequestId, OpenWatch> open)
    {
        switch (request.Type)
        {
            case MessageType.Watch:
                WatchRequest watch = WatchRequest.Read(request.Body);
                int after = watch.Options.After is { } position ? (int)position.Revision.Value : _committed;
                Assert.That(watch.Options.After, Is.Null.Or.EqualTo(At(after)));
                Assert.That(after, Is.LessThanOrEqualTo(_committed));
                open.Add(request.Id, new OpenWatch(watch.Options.Range) { Told = after, Credit = watch.Credit });
                break;
            case MessageType.Credit when open.TryGetValue(request.Id, out OpenWatch? granted):
                granted.Credit += CreditMessage.Read(request.Body);
                break;
            case MessageType.Cancel when open.Remove(request.Id):
                await link.ReplyAsync(request, new EndMessage(cancelled: true));
                break;
        }
    }

    private async Task SendAsync(ScriptedServer.Link link, KeyValuePair<RequestId, OpenWatch> watch)
    {
        OpenWatch open = watch.Value;
        if (!open.HasBegun)
        {
            open.HasBegun = true;
            await link.ReplyAsync(watch.Key, new WatchMarkMessage(At(open.Told)));
            return;
        }

        int next = Enumerable.Range(open.Told + 1, _committed - open.Told).FirstOrDefault(revision => open.Range.Contains(KeyOf(revision)));
        if (next == 0 && open.Told < _committed)
        {
            open.Told = _committed;
            await link.ReplyAsync(watch.Key, new WatchMarkMessage(At(_committed)));
        }
        else if (next != 0 && open.Credit > 0)
        {
            open.Told = next;
            byte[] operations = new WriteBatch().Put(KeyOf(next), ValueOf(next)).PackedOperations.ToArray();
            open.Credit -= operations.Length;
            await link.ReplyAsync(watch.Key, new WatchBatchMessage(At(next), default, operations, default));
        }
        else
        {
            await Task.Yield();
        }
    }

    private sealed record OpenWatch(KeyRange Range)
    {
        public int Told { get; set; }

        public long Credit { get; set; }

        public bool HasBegun { get; set; }
    }
}
