using System.Diagnostics;
using WsStorage.Cli.Bench;

namespace WsStorage.Benchmarks.Hosting;

/// <summary>Asks a host how fast its engine is without a wire, called on one thread as the server calls it.</summary>
/// <param name="Workload">Gets or puts.</param>
/// <param name="Together">How many keys are read, or batches committed, in one call.</param>
/// <param name="RowsPerBatch">How many puts a batch has.</param>
/// <param name="Keys">How many keys there are.</param>
/// <param name="ValueBytes">How long values are.</param>
/// <param name="Duration">How long to measure.</param>
internal sealed record EngineQuestion(Workload Workload, int Together, int RowsPerBatch, int Keys, int ValueBytes, TimeSpan Duration) : HostQuestion;

/// <summary>What the engine showed.</summary>
/// <param name="OperationsPerSecond">Keys read or written.</param>
/// <param name="Mismatches">How many values that were read are not what was written.</param>
internal sealed record EngineAnswer(double OperationsPerSecond, long Mismatches);

/// <summary>
/// The engine called directly: the ceiling for what can be served. Values are checked where they lie, which costs a hundredth
/// of reading them.
/// </summary>
internal sealed class EngineCeiling : IValueReceiver
{
    private readonly IBatchStorage _storage;
    private readonly EngineQuestion _question;
    private readonly int _rows;
    private readonly uint[] _indices;
    private readonly ReadOnlyMemory<byte>[] _keys;
    private readonly WriteBatch[] _batches;
    private readonly WriteResult[] _results;
    private readonly byte[] _value;
    private readonly byte[] _keyBytes;
    private ulong _random = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
    private long _mismatches;

    public EngineCeiling(IBatchStorage storage, EngineQuestion question)
    {
        _storage = storage;
        _question = question;
        _rows = question.Together * question.RowsPerBatch;
        _indices = new uint[_rows];
        _keyBytes = new byte[_rows * BenchData.KeyBytes];
        _keys = [.. Enumerable.Range(0, _rows).Select(i => (ReadOnlyMemory<byte>)_keyBytes.AsMemory(i * BenchData.KeyBytes, BenchData.KeyBytes))];
        _batches = [.. Enumerable.Range(0, question.Together).Select(_ => new WriteBatch())];
        _results = new WriteResult[question.Together];
        _value = new byte[question.ValueBytes];
    }

    public async Task<EngineAnswer> MeasureAsync()
    {
        long start = Stopwatch.GetTimestamp();
        long operations = 0;
        while (Stopwatch.GetElapsedTime(start) < _question.Duration)
        {
            await CallAsync();
            operations += _rows;
        }

        return new EngineAnswer(operations / Stopwatch.GetElapsedTime(start).TotalSeconds, _mismatches);
    }

    void IValueReceiver.OnRevision(Revision revision)
    {
    }

    void IValueReceiver.OnValue(int index, ReadOnlySpan<byte> value)
    {
        if (!BenchData.IsValid(value, _question.ValueBytes, _indices[index]))
        {
            _mismatches++;
        }
    }

    void IValueReceiver.OnMissing(int index) => _mismatches++;

    private ValueTask CallAsync()
    {
        bool isGet = _question.Workload == Workload.Get;
        foreach (WriteBatch batch in _batches)
        {
            batch.Clear();
        }

        for (int i = 0; i < _rows; i++)
        {
            ulong choice = BenchData.Step(ref _random);
            _indices[i] = (uint)((choice >> 8) % (uint)_question.Keys);
            Span<byte> key = _keyBytes.AsSpan(i * BenchData.KeyBytes, BenchData.KeyBytes);
            BenchData.WriteKey(key, _indices[i]);
            if (!isGet)
            {
                BenchData.WriteValue(_value, _indices[i], choice);
                _batches[i / _question.RowsPerBatch].Put(key, _value);
            }
        }

        if (!isGet)
        {
            return _storage.WriteManyAsync(_batches, _results);
        }

        _storage.ReadMany(_keys, this);
        return ValueTask.CompletedTask;
    }
}
