using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace WsStorage.Cli.Transfer;

/// <summary>Reads JSON lines as <see cref="JsonLinesWriter"/> writes them. Empty lines are passed over.</summary>
/// <param name="input">The input.</param>
/// <param name="limits">What the storage takes: a line that could not be written to it is refused before it is read whole.</param>
internal sealed class JsonRowReader(PipeReader input, StorageLimits limits) : IRowReader
{
    // A byte of a text takes at most six in JSON, as \u0000; names and braces take less than this.
    private readonly long _maxLineBytes = (6L * (StorageLimits.MaxKeyBytes + (long)limits.MaxValueBytes)) + 1024;

    private long _line;
    private byte[] _key = new byte[256];
    private byte[] _value = new byte[1024];

    public long BytesRead { get; private set; }

    public async ValueTask<bool> FillAsync(WriteBatch batch, int batchBytes, CancellationToken cancellationToken)
    {
        while (batch.ByteCount < batchBytes)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> rest = result.Buffer;
            try
            {
                while (batch.ByteCount < batchBytes && TryTakeLine(ref rest, result.IsCompleted, out ReadOnlySequence<byte> line))
                {
                    Add(batch, line);
                }
            }
            finally
            {
                BytesRead += result.Buffer.Slice(0, rest.Start).Length;

                // With a full batch, lines may be left that were seen already: they are not to be waited for.
                input.AdvanceTo(rest.Start, batch.ByteCount < batchBytes ? rest.End : rest.Start);
            }

            if (result.IsCompleted && rest.IsEmpty)
            {
                return false;
            }
        }

        return true;
    }

    private bool TryTakeLine(ref ReadOnlySequence<byte> rest, bool completed, out ReadOnlySequence<byte> line)
    {
        if (rest.PositionOf((byte)'\n') is { } end)
        {
            line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
        }
        else if (completed && !rest.IsEmpty)
        {
            line = rest;
            rest = rest.Slice(rest.End);
        }
        else
        {
            line = default;
            return rest.Length <= _maxLineBytes ? false : throw TooLong(_line + 1);
        }

        _line++;
        return line.Length <= _maxLineBytes ? true : throw TooLong(_line);
    }

    private void Add(WriteBatch batch, ReadOnlySequence<byte> line)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            if (!json.Read())
            {
                return;
            }

            (int key, int value) = ReadObject(ref json);
            batch.Put(_key.AsSpan(0, key), _value.AsSpan(0, value));
        }
        catch (JsonException exception)
        {
            bool blank = line.Length <= 64 && IsBlank(line);
            if (!blank)
            {
                throw Malformed($"this is no JSON object of a key and a value: {Describe(exception)}");
            }
        }
        catch (Exception exception) when (exception is StorageException or FormatException or InvalidOperationException)
        {
            throw Malformed(exception.Message);
        }
    }

    private (int Key, int Value) ReadObject(ref Utf8JsonReader json)
    {
        int key = -1;
        int value = -1;
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException("a line must be a JSON object, such as {\"key\":\"k\",\"value\":\"v\"}.");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            ref int length = ref key;
            ref byte[] field = ref _key;
            if (name is JsonLinesWriter.Value or JsonLinesWriter.ValueBase64)
            {
                length = ref value;
                field = ref _value;
            }
            else if (name is not (JsonLinesWriter.Key or JsonLinesWriter.KeyBase64))
            {
                throw new FormatException($"'{name}' is no property of a row; it has key or keyBase64, and value or valueBase64.");
            }

            if (json.TokenType != JsonTokenType.String || length >= 0)
            {
                throw new FormatException($"'{name}' must be one text.");
            }

            length = ReadText(ref json, ref field, name is JsonLinesWriter.KeyBase64 or JsonLinesWriter.ValueBase64);
        }

        // Whatever follows the object on its line makes this throw.
        while (json.Read())
        {
        }

        return key >= 0 && value >= 0 ? (key, value) : throw new FormatException("a row needs a key and a value.");
    }

    private static int ReadText(ref Utf8JsonReader json, ref byte[] field, bool base64)
    {
        if (base64)
        {
            field = json.GetBytesFromBase64();
            return field.Length;
        }

        long length = json.HasValueSequence ? json.ValueSequence.Length : json.ValueSpan.Length;
        if (field.Length < length)
        {
            field = new byte[length];
        }

        return json.CopyString(field);
    }

    private static bool IsBlank(ReadOnlySequence<byte> line) => line.ToArray().All(b => b is (byte)' ' or (byte)'\t' or (byte)'\r');

    private static string Describe(JsonException exception) =>
        exception.Message.Split(" LineNumber", 2, StringSplitOptions.None)[0];

    private MalformedInputException TooLong(long line) =>
        new($"line {line}: it is longer than {_maxLineBytes} bytes, the most that a row of this storage can take");

    private MalformedInputException Malformed(string what) => new($"line {_line}: {what.TrimEnd('.')}");
}
