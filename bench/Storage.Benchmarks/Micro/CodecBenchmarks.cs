using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using WsStorage.Benchmarks.Scenarios;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;

namespace WsStorage.Benchmarks.Micro;

/// <summary>Messages written into a pack and read from it, both as server and client do.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The global clean-up disposes of what it owns.")]
public class CodecBenchmarks
{
    private readonly MicroData _data = new();
    private readonly WriteBatch _batch = new();
    private readonly WriteBatch _received = new();
    private readonly PackBuffer _scratch = new(MessageType.ClientPack);
    private ReadOnlyMemory<byte> _getPack;
    private ReadOnlyMemory<byte> _replyPack;
    private ReadOnlyMemory<byte> _putPack;

    [GlobalSetup]
    public void Prepare()
    {
        _data.NextEntry();
        _batch.Put(_data.Key.Span, _data.Value);
        _getPack = Pack(WriteGets);
        _replyPack = Pack(WriteReplies);
        _putPack = Pack(WritePuts);
    }

    [GlobalCleanup]
    public void CleanUp() => _scratch.Dispose();

    [Benchmark(Description = "write a get", OperationsPerInvoke = MicroData.Operations)]
    public int WriteGets() => Write((pack, id) => pack.Append(new GetRequest(_data.Key.Span), id));

    [Benchmark(Description = "read a get", OperationsPerInvoke = MicroData.Operations)]
    public int ReadGets()
    {
        int length = 0;
        foreach (ReadOnlyMemory<byte> message in Messages(_getPack))
        {
            length += GetRequest.ReadKey(BodyOf(message, MessageType.Get)).Length;
        }

        return length;
    }

    [Benchmark(Description = "write the reply to a get", OperationsPerInvoke = MicroData.Operations)]
    public int WriteReplies() => Write((pack, id) => pack.Append(new GetReply(new Revision(1_000_000), true, _data.Value), id));

    [Benchmark(Description = "read the reply to a get", OperationsPerInvoke = MicroData.Operations)]
    public int ReadReplies()
    {
        int length = 0;
        foreach (ReadOnlyMemory<byte> message in Messages(_replyPack))
        {
            ReadOnlySpan<byte> value = GetReply.Read(BodyOf(message, MessageType.GetReply).Span).Value;
            _data.Check(value);
            length += value.Length;
        }

        return length;
    }

    [Benchmark(Description = "write a put", OperationsPerInvoke = MicroData.Operations)]
    public int WritePuts() => Write((pack, id) => pack.Append(new WriteRequest(_batch), id));

    [Benchmark(Description = "read a put", OperationsPerInvoke = MicroData.Operations)]
    public int ReadPuts()
    {
        int count = 0;
        foreach (ReadOnlyMemory<byte> message in Messages(_putPack))
        {
            WriteRequest.Read(BodyOf(message, MessageType.Write).Span, _received);
            count += _received.Count;
        }

        return count;
    }

    private static PackReader Messages(ReadOnlyMemory<byte> pack) => new(BodyOf(pack, MessageType.ClientPack));

    private static ReadOnlyMemory<byte> BodyOf(ReadOnlyMemory<byte> message, MessageType type) =>
        Envelope.TryParse(message.Span, out Envelope envelope) && envelope.Type == type
            ? message[..envelope.Body.Length]
            : throw new WrongValueException($"A {type} that was written is not read as one.");

    private int Write(Action<PackBuffer, RequestId> append)
    {
        // That is how a pack is emptied: what is measured includes taking its memory from the pool.
        _scratch.Dispose();
        for (ulong id = 0; id < MicroData.Operations; id++)
        {
            append(_scratch, RequestId.FromNumber(id + 4096));
        }

        return _scratch.ByteCount;
    }

    private ReadOnlyMemory<byte> Pack(Func<int> write)
    {
        write();
        return _scratch.ToMessage().ToArray();
    }
}
