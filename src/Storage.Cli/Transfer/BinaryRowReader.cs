using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using WsStorage.Core;

namespace WsStorage.Cli.Transfer;

/// <summary>Reads the binary export format; the rows of a block are handed out only once its checksum has been found right.</summary>
/// <param name="input">The input, at the magic.</param>
/// <param name="limits">What the storage takes: a block that could not be written to it is refused before it is read.</param>
internal sealed class BinaryRowReader(PipeReader input, StorageLimits limits) : IRowReader
{
    private ulong _hash;
    private ulong _rows;
    private bool _begun;
    private byte[] _block = [];
    private ReadOnlyMemory<byte> _rest;

    public long BytesRead { get; private set; }

    public async ValueTask<bool> FillAsync(WriteBatch batch, int batchBytes, CancellationToken cancellationToken)
    {
        if (!_begun)
        {
            await ReadHeaderAsync(cancellationToken);
            _begun = true;
        }

        while (batch.ByteCount < batchBytes)
        {
            if (_rest.IsEmpty && !await ReadBlockAsync(cancellationToken))
            {
                return false;
            }

            AddRows(batch, batchBytes);
        }

        return true;
    }

    private void AddRows(WriteBatch batch, int batchBytes)
    {
        var rows = new ScanPage(default, Count: 1, _rest).GetEnumerator();
        int used = 0;
        try
        {
            while (batch.ByteCount < batchBytes && rows.MoveNext())
            {
                (ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) = rows.Current;
                batch.Put(key.Span, value.Span);
                used += Length(key) + Length(value);
                _rows++;
            }
        }
        catch (Exception exception) when (exception is FormatException or StorageException)
        {
            throw Malformed($"a row of the block that ends there is no row: {exception.Message}");
        }

        _rest = _rest[used..];
    }

    private static int Length(ReadOnlyMemory<byte> field) => Varint.Length((ulong)field.Length) + field.Length;

    private async ValueTask ReadHeaderAsync(CancellationToken cancellationToken)
    {
        byte[] header = new byte[BinaryFormat.Magic.Length + BinaryFormat.HeaderFields + BinaryFormat.HashBytes];
        await ReadExactlyAsync(header, cancellationToken);
        if (!header.AsSpan().StartsWith(BinaryFormat.Magic))
        {
            throw Malformed("the file does not begin as an export does");
        }

        Span<byte> fields = header.AsSpan(BinaryFormat.Magic.Length, BinaryFormat.HeaderFields);
        if (fields[0] != BinaryFormat.Version)
        {
            throw Malformed($"the file has version {fields[0]} of the format and this program knows version {BinaryFormat.Version}");
        }

        _hash = XxHash64.Hash(fields, ChainHash.Seed);
        CheckHash(header.AsSpan(header.Length - BinaryFormat.HashBytes));
    }

    private async ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        byte kind = await ReadByteAsync(cancellationToken);
        switch (kind)
        {
            case BinaryFormat.Block:
                await ReadRowsAsync(await ReadVarintAsync(cancellationToken), cancellationToken);
                return true;
            case BinaryFormat.End:
                await ReadEndAsync(cancellationToken);
                return false;
            default:
                throw Malformed($"a part begins with {kind}, which no part does");
        }
    }

    private async ValueTask ReadRowsAsync(ulong length, CancellationToken cancellationToken)
    {
        int most = BinaryFormat.MaxBlockBytes(limits);
        if (length == 0 || length > (ulong)most)
        {
            throw Malformed($"a block claims {length} bytes of rows; it can have from 1 to {most} for this storage");
        }

        if (_block.Length < (int)length)
        {
            _block = new byte[(int)length];
        }

        Memory<byte> rows = _block.AsMemory(0, (int)length);
        await ReadExactlyAsync(rows, cancellationToken);
        _hash = XxHash64.Hash(rows.Span, _hash);
        byte[] hash = new byte[BinaryFormat.HashBytes];
        await ReadExactlyAsync(hash, cancellationToken);
        CheckHash(hash);
        _rest = rows;
    }

    private async ValueTask ReadEndAsync(CancellationToken cancellationToken)
    {
        byte[] end = new byte[8 + BinaryFormat.HashBytes];
        await ReadExactlyAsync(end, cancellationToken);
        _hash = XxHash64.Hash(end.AsSpan(0, 8), _hash);
        CheckHash(end.AsSpan(8));
        ulong rows = BinaryPrimitives.ReadUInt64LittleEndian(end);
        if (rows != _rows)
        {
            throw Malformed($"the file holds {_rows} rows and says {rows}");
        }

        ReadResult after = await input.ReadAsync(cancellationToken);
        if (!after.Buffer.IsEmpty)
        {
            throw Malformed("more follows after the end of the export");
        }
    }

    private async ValueTask<ulong> ReadVarintAsync(CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[Varint.MaxLength];
        int count = 0;
        do
        {
            bytes[count++] = await ReadByteAsync(cancellationToken);
        }
        while (bytes[count - 1] >= 0x80 && count < bytes.Length);

        return Varint.TryRead(bytes.AsSpan(0, count), out ulong value, out _) ? value : throw Malformed("a length is no varint");
    }

    private async ValueTask<byte> ReadByteAsync(CancellationToken cancellationToken)
    {
        ReadOnlySequence<byte> available = await ReadAtLeastAsync(1, cancellationToken);
        byte value = available.FirstSpan[0];
        Advance(available, 1);
        return value;
    }

    private async ValueTask ReadExactlyAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySequence<byte> available = await ReadAtLeastAsync(1, cancellationToken);
            int taken = (int)Math.Min(available.Length, destination.Length);
            available.Slice(0, taken).CopyTo(destination.Span);
            Advance(available, taken);
            destination = destination[taken..];
        }
    }

    private async ValueTask<ReadOnlySequence<byte>> ReadAtLeastAsync(int count, CancellationToken cancellationToken)
    {
        ReadResult result = await input.ReadAtLeastAsync(count, cancellationToken);
        return result.Buffer.Length >= count
            ? result.Buffer
            : throw Malformed("the file is cut short: it ends before the mark of its end");
    }

    private void Advance(ReadOnlySequence<byte> buffer, int count)
    {
        input.AdvanceTo(buffer.GetPosition(count));
        BytesRead += count;
    }

    private void CheckHash(ReadOnlySpan<byte> expected)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(expected) != _hash)
        {
            throw Malformed("a checksum is wrong, so what stands before it is damaged");
        }
    }

    private MalformedInputException Malformed(string what) => new($"offset {BytesRead}: {what}");
}
