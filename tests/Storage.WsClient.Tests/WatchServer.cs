using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

/// <summary>
/// A server of watches over a store that commits one put after the other, to sixteen keys in turn. It keeps to the credit that it
/// is granted, repeats in a pack what another watch is told, and cuts the link at random.
/// </summary>
internal sealed class WatchServer(ScriptedServer server, Random random, int revisions)
{
    private static readonly Guid Epoch = Guid.NewGuid();

    private readonly int _last = revisions;
    private int _committed;

    /// <summary>How many links were cut while watches were open.</summary>
    public int Cut { get; private set; }

    /// <summary>How many batches were repeated, not sent.</summary>
    public int Repeated { get; private set; }

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
                    await SendAsync(link, open, open.ElementAt(random.Next(open.Count)));
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

    private async Task SendAsync(
        ScriptedServer.Link link, Dictionary<RequestId, OpenWatch> open, KeyValuePair<RequestId, OpenWatch> watch)
    {
        OpenWatch chosen = watch.Value;
        if (!chosen.HasBegun)
        {
            chosen.HasBegun = true;
            await link.ReplyAsync(watch.Key, new WatchMarkMessage(At(chosen.Told)));
            return;
        }

        using var pack = new PackBuffer(MessageType.ServerPack);
        int most = random.Next(1, 5);
        Tell(pack, watch, most);
        foreach (KeyValuePair<RequestId, OpenWatch> other in open.Where(each => each.Value.HasBegun && random.Next(2) == 0))
        {
            Tell(pack, other, most);
        }

        if (!pack.IsEmpty)
        {
            await link.SendRawAsync(pack.ToMessage().ToArray());
        }
        else if (chosen.Told < _committed && Next(chosen) == 0)
        {
            chosen.Told = _committed;
            await link.ReplyAsync(watch.Key, new WatchMarkMessage(At(_committed)));
        }
        else
        {
            await Task.Yield();
        }
    }

    private int Next(OpenWatch watch) =>
        Enumerable.Range(watch.Told + 1, _committed - watch.Told).FirstOrDefault(revision => watch.Range.Contains(KeyOf(revision)));

    private void Tell(PackBuffer pack, KeyValuePair<RequestId, OpenWatch> watch, int most)
    {
        for (OpenWatch open = watch.Value; most > 0 && open.Credit > 0 && Next(open) is > 0 and var next; most--)
        {
            open.Told = next;
            byte[] operations = new WriteBatch().Put(KeyOf(next), ValueOf(next)).PackedOperations.ToArray();
            open.Credit -= operations.Length;
            var batch = new WatchBatchMessage(At(next), default, operations, default);
            if (pack.TryRepeat(batch, watch.Key))
            {
                Repeated++;
            }
            else
            {
                pack.AppendRepeatable(batch, watch.Key);
            }
        }
    }

    private sealed record OpenWatch(KeyRange Range)
    {
        public int Told { get; set; }

        public long Credit { get; set; }

        public bool HasBegun { get; set; }
    }
}
