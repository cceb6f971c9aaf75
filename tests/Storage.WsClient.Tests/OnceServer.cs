using System.Text;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.Transport;

namespace WsStorage.WsClient.Tests;

/// <summary>
/// A server of numbered writes that keeps the rules of <see cref="IExactlyOnceStorage"/> for one session, and cuts the link at
/// random: before or after it has received, executed or answered.
/// </summary>
internal sealed class OnceServer(ScriptedServer server, Random random)
{
    private readonly Dictionary<ulong, (string Value, Revision Revision)> _records = [];
    private readonly List<string> _applied = [];
    private ulong _acknowledged;

    /// <summary>The values that were put, in order.</summary>
    public IReadOnlyList<string> Applied => _applied;

    public int Repeated { get; private set; }

    public int MostRecords { get; private set; }

    /// <summary>Serves until the server is stopped.</summary>
    public async Task ServeAsync()
    {
        await foreach (ScriptedServer.Link link in server.AcceptAllAsync())
        {
            try
            {
                await ServeAsync(link);
            }
            catch (TransportException)
            {
                // The client has ended.
            }

            link.Cut();
        }
    }

    private async Task ServeAsync(ScriptedServer.Link link)
    {
        var answers = new Queue<(RequestId Id, Revision Revision)>();
        for (int left = random.Next(60); left >= 0; left--)
        {
            Numbered write = Numbered.Read(await link.ReceiveAsync());
            if (random.Next(30) == 0)
            {
                return;
            }

            // Some answers are kept back for a while, and are lost when the link is cut meanwhile.
            answers.Enqueue((write.Id, Execute(write)));
            while (random.Next(30) != 0 && (!link.HasRequest || random.Next(8) == 0) && answers.TryDequeue(out (RequestId Id, Revision Revision) answer))
            {
                await link.ReplyAsync(answer.Id, new NumberedWriteReply(WriteResult.AppliedAt(answer.Revision)));
            }

            if (answers.Count > 0 && !link.HasRequest)
            {
                return;
            }
        }
    }

    private Revision Execute(Numbered write)
    {
        _acknowledged = Math.Max(_acknowledged, write.Stamp.AcknowledgedThrough);
        foreach (ulong number in _records.Keys.Where(number => number <= _acknowledged).ToArray())
        {
            _records.Remove(number);
        }

        string value = Encoding.ASCII.GetString(write.FullValue);
        if (_records.TryGetValue(write.Number, out (string Value, Revision Revision) record))
        {
            Assert.That(record.Value, Is.EqualTo(value), "a number was used for another write");
            Repeated++;
            return record.Revision;
        }

        Assert.That(write.Number, Is.GreaterThan(_acknowledged), "the client acknowledged what it asks for again");
        _applied.Add(value);
        var revision = new Revision((ulong)_applied.Count);
        _records.Add(write.Number, (value, revision));
        MostRecords = Math.Max(MostRecords, _records.Count);
        return revision;
    }
}
