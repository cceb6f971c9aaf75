using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using WsStorage.Core;
using WsStorage.Protocol;
using WsStorage.Protocol.Messages;
using WsStorage.WsServer;

namespace WsStorage.Benchmarks.Micro;

/// <summary>A session without a socket, over the engine in memory: from the client's bytes to the server's.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The global clean-up disposes of what it owns.")]
public class SessionBenchmarks
{
    private const ulong FirstId = 4096;

    private readonly MicroData _data = new();
    private readonly InMemoryStorage _storage = new();
    private readonly RoundTripTransport _transport = new();
    private Session _session = null!;
    private Task _serving = Task.CompletedTask;
    private byte[] _oneGet = [];
    private byte[] _gets = [];
    private byte[] _onePut = [];
    private byte[] _puts = [];

    // BenchmarkDotNet's toolchain within the process does not wait for tasks here.
    [GlobalSetup]
    public void Prepare() => PrepareAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void CleanUp() => CleanUpAsync().GetAwaiter().GetResult();

    [Benchmark(Description = "one get")]
    public void Get() => _transport.Say(_oneGet, MessageType.GetReply, 1);

    [Benchmark(Description = "a get among 128 in a pack", OperationsPerInvoke = MicroData.Operations)]
    public void PackedGets() => _transport.Say(_gets, MessageType.GetReply, MicroData.Operations);

    [Benchmark(Description = "one put")]
    public void Put() => _transport.Say(_onePut, MessageType.WriteReply, 1);

    [Benchmark(Description = "a put among 128 in a pack", OperationsPerInvoke = MicroData.Operations)]
    public void PackedPuts() => _transport.Say(_puts, MessageType.WriteReply, MicroData.Operations);

    private static byte[] Pack(int count, Action<PackBuffer, RequestId> append)
    {
        using var pack = new PackBuffer(MessageType.ClientPack);
        for (int i = 0; i < count; i++)
        {
            append(pack, RequestId.FromNumber(FirstId + (ulong)i));
        }

        return pack.ToMessage().ToArray();
    }

    private async Task PrepareAsync()
    {
        await _data.FillAsync(_storage);
        var served = new ServedStorage(_storage, new StorageSessionOptions(), TimeProvider.System, NullLogger.Instance);
        _session = new Session(_transport, served.NewContext(new ClientIdentity("benchmark", "benchmark")));
        _serving = _session.RunAsync();
        var hello = new HelloMessage(ProtocolConstants.Version, acceptsPacks: true, "benchmark", 1 << 26);
        _transport.Say(Pack(1, (pack, id) => pack.Append(hello, id)), MessageType.Welcome, 1);
        _oneGet = PackGets(1);
        _gets = PackGets(MicroData.Operations);
        _onePut = PackPuts(1);
        _puts = PackPuts(MicroData.Operations);
    }

    private async Task CleanUpAsync()
    {
        _transport.HangUp();
        await _serving;
        await _storage.DisposeAsync();
    }

    private byte[] PackGets(int count) => Pack(count, (pack, id) => pack.Append(new GetRequest(_data.NextKey().Span), id));

    private byte[] PackPuts(int count) => Pack(count, (pack, id) =>
        pack.Append(new WriteRequest(new WriteBatch().Put(_data.NextEntry().Span, _data.Value)), id));
}
