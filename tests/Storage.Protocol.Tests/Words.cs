using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using WsStorage.Protocol.Messages;

namespace WsStorage.Protocol.Tests;

/// <summary>Decodes any message, all of it, and says in the words of the golden vectors what it holds.</summary>
public static partial class Words
{
    /// <summary>Decodes a message.</summary>
    /// <param name="message">The whole message.</param>
    /// <returns>Its type, id and fields; nulls when it has no trailer.</returns>
    public static (string? Type, string? Id, string? Fields) Describe(ReadOnlyMemory<byte> message) =>
        Envelope.TryParse(message.Span, out Envelope envelope)
            ? (Kebab(envelope.Type.ToString()), envelope.Id.ToString(), DescribeBody(envelope.Type, message[..envelope.Body.Length]))
            : (null, null, null);

    public static string Kebab(string name) => WordStart().Replace(name, "-").ToLowerInvariant();

    public static string DescribeBody(MessageType type, ReadOnlyMemory<byte> body) => type switch
    {
        MessageType.Hello => Hello(HelloMessage.Read(body.Span)),
        MessageType.Welcome => Welcome(WelcomeMessage.Read(body.Span)),
        MessageType.Info or MessageType.Cancel or MessageType.KeepHistoryReply or MessageType.LeaseEndReply
            or MessageType.CheckpointCreate or MessageType.CheckpointReleaseReply => "no fields",
        MessageType.InfoReply => Info(InfoReply.Read(body.Span)),
        MessageType.Get => $"key {Show(GetRequest.ReadKey(body).Span)}",
        MessageType.GetReply => Get(GetReply.Read(body.Span)),
        MessageType.GetMany => GetMany(GetManyRequest.ReadKeys(body)),
        MessageType.GetManyReply => GetManyReplied(GetManyReply.Read(body.Span)),
        MessageType.Write => Write(body.Span),
        MessageType.WriteReply => Written(WriteReply.Read(body.Span)),
        MessageType.Scan => Scan(ScanRequest.Read(body.Span)),
        MessageType.Credit => $"bytes {CreditMessage.Read(body.Span)}",
        MessageType.Watch => Watch(WatchRequest.Read(body.Span)),
        MessageType.WatchMark => Position(WatchMarkMessage.Read(body.Span)),
        MessageType.WatchBatch => Changes(WatchBatchMessage.Read(body.Span)),
        MessageType.Repeat => Repeat(RepeatMessage.Read(body.Span)),
        MessageType.WatchInvalidation => $"ranges {Ranges(WatchInvalidationMessage.Read(body.Span))}",
        MessageType.Invalidate => $"ranges {Ranges(InvalidateRequest.Read(body.Span))}",
        MessageType.InvalidateReply => $"watches {InvalidateReply.Read(body.Span)}",
        MessageType.KeepHistory => Keep(KeepHistoryRequest.Read(body.Span)),
        MessageType.NumberedWrite => NumberedWrite(body.Span),
        MessageType.NumberedWriteReply => Written(NumberedWriteReply.Read(body.Span)),
        MessageType.LeaseGrant => Granted(LeaseGrantRequest.Read(body.Span)),
        MessageType.LeaseGrantReply => Granted(LeaseGrantReply.Read(body.Span)),
        MessageType.LeaseEnd => $"lease 0x{LeaseEndRequest.Read(body.Span):X16}",
        MessageType.RangeHash => RangeHash(RangeHashRequest.Read(body.Span)),
        MessageType.RangeHashPage => Hashes(RangeHashPageMessage.Read(body.Span)),
        MessageType.CheckpointReply => Checkpoint(CheckpointReply.Read(body.Span)),
        MessageType.CheckpointRead => CheckpointRead(CheckpointReadRequest.Read(body.Span)),
        MessageType.CheckpointPiece => Piece(CheckpointPieceReply.Read(body.Span)),
        MessageType.CheckpointRelease => $"checkpoint {CheckpointReleaseRequest.Read(body.Span):D}",
        MessageType.ScanPage => Page(ScanPageMessage.Read(body.Span)),
        MessageType.End => EndMessage.Read(body.Span).Cancelled ? "cancelled" : "all sent",
        MessageType.Error => Error(ErrorReply.Read(body.Span)),
        MessageType.ClientPack or MessageType.ServerPack => Pack(body),
        _ => "unknown",
    };

    public static string Show(ReadOnlySpan<byte> bytes) =>
        bytes.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E) || bytes.Contains((byte)'"')
            ? $"0x{Convert.ToHexString(bytes)}"
            : $"\"{Encoding.ASCII.GetString(bytes)}\"";

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string Hello(HelloMessage hello) =>
        $"version {hello.Version}, packs {YesNo(hello.AcceptsPacks)}, name \"{hello.ClientName}\", max-message-bytes {hello.MaxMessageBytes}"
        + (hello.ClientId is { } id ? $", client-id {id:D}" : string.Empty)
        + (hello.AcceptsRepeats ? ", repeats yes" : string.Empty);

    private static string Repeat(RepeatMessage repeat) => $"back {repeat.Back}, count {repeat.Count}";

    private static string Position(Position at) => $"epoch {at.Epoch:D}, revision {at.Revision}, hash 0x{at.Hash:X16}";

    private static string Welcome(WelcomeMessage welcome)
    {
        SessionLimits limits = welcome.Limits;
        return $"version 1, name \"{welcome.ServerName}\", max-message-bytes {limits.MaxMessageBytes}, max-value-bytes {limits.MaxValueBytes}, "
            + $"max-batch-bytes {limits.MaxBatchBytes}, max-requests {limits.MaxRequestsInFlight}, max-scans {limits.MaxScans}, {Position(welcome.Position)}, "
            + $"applied once {YesNo(welcome.Session.AppliesOnce)}, max-watches {limits.MaxWatches}, last-number {welcome.Session.LastNumber}, "
            + $"session-retention {welcome.Session.Retention.TotalSeconds:0}";
    }

    private static string Info(StorageInfo info) =>
        $"engine \"{info.Engine}\", {Position(info.Position)}, compacted-revision {info.CompactedRevision}, bytes {info.ApproximateBytes}, "
        + $"keys {info.ApproximateKeys}, durability {Kebab(info.Durability.ToString())}, read-only {YesNo(info.IsReadOnly)}, "
        + $"max-value-bytes {info.Limits.MaxValueBytes}, max-batch-bytes {info.Limits.MaxBatchBytes}, "
        + $"history-bytes {info.HistoryBytes}, followers {info.FollowerCount}, "
        + $"staleness {(info.Staleness is { } staleness ? Milliseconds(staleness) : "none")}";

    private static string Get(GetReply reply) =>
        $"revision {reply.Revision}, {(reply.Found ? $"value {Show(reply.Value)}" : "no value")}";

    private static string GetMany(ReadOnlyMemory<byte>[] keys) =>
        keys.Length == 0 ? "no keys" : $"keys {string.Join(", ", keys.Select(key => Show(key.Span)))}";

    private static string GetManyReplied(GetManyResult result) =>
        $"revision {result.Revision}, values {string.Join(", ", result.Values.Select(value => value is null ? "none" : Show(value)))}";

    private static string Write(ReadOnlySpan<byte> body)
    {
        var batch = new WriteBatch();
        WriteRequest.Read(body, batch);
        return Batch(batch);
    }

    private static string NumberedWrite(ReadOnlySpan<byte> body)
    {
        var batch = new WriteBatch();
        NumberedWriteRequest.Read(body, default, batch);
        WriteStamp stamp = batch.Stamp!.Value;
        return $"number {stamp.Number}, acknowledged-through {stamp.AcknowledgedThrough}, sent before {YesNo(stamp.IsResend)}, "
            + $"unanswered {YesNo(stamp.IsUnanswered)}, {Batch(batch)}";
    }

    private static string Batch(WriteBatch batch)
    {
        var preconditions = new List<string>();
        foreach (BatchPrecondition precondition in batch.Preconditions)
        {
            string value = precondition.Kind == PreconditionKind.Equal ? " " + Show(precondition.Value) : string.Empty;
            preconditions.Add($"{Kebab(precondition.Kind.ToString())} {Show(precondition.Key)}{value}");
        }

        return $"preconditions {Join(preconditions)}; operations {Operations(batch.PackedOperations)}";
    }

    private static string Operations(ReadOnlySpan<byte> packed)
    {
        var operations = new List<string>();
        foreach (BatchOperation operation in new BatchOperations(packed))
        {
            string second = operation.Kind switch
            {
                BatchOperationKind.Put => " " + Show(operation.Value),
                BatchOperationKind.RemoveRange => " " + Show(operation.End),
                _ => string.Empty,
            };
            operations.Add($"{Kebab(operation.Kind.ToString())} {Show(operation.Key)}{second}");
        }

        return Join(operations);
    }

    private static string Changes(WatchBatchMessage message)
    {
        WatchEvent batch = WatchEvent.Changes(default, message.CommitTime, message.Operations.ToArray(), message.Previous.ToArray());
        var previous = new List<string>();
        foreach (Change change in batch)
        {
            previous.Add(change.PreviousKind == PreviousValueKind.Value ? Show(change.Previous.Span) : Kebab(change.PreviousKind.ToString()));
        }

        return $"revision {message.Revision}, hash 0x{message.Hash:X16}, commit-time {message.CommitTime.ToUnixTimeMilliseconds()}, "
            + $"operations {Operations(message.Operations)}, previous {(message.Previous.IsEmpty ? "none" : Join(previous))}";
    }

    private static string Watch(WatchRequest watch)
    {
        WatchOptions options = watch.Options;
        return $"start {Show(options.Range.Start.Span)}, end {Show(options.Range.End.Span)}, "
            + $"after {(options.After is { } after ? Position(after) : "now")}, "
            + $"{(options.KeysOnly ? "keys only" : "keys and values")}, previous values {YesNo(options.PreviousValues)}, "
            + $"invalidations {YesNo(options.Invalidations)}, progress-interval {Milliseconds(options.ProgressInterval)}, credit {watch.Credit}";
    }

    private static string Milliseconds(TimeSpan time) => (time.Ticks / TimeSpan.TicksPerMillisecond).ToString(CultureInfo.InvariantCulture);

    private static string Ranges(KeyRange[] ranges) =>
        string.Join(", ", ranges.Select(range => $"{Show(range.Start.Span)} {Show(range.End.Span)}"));

    private static string Keep(KeepHistoryRequest keep) =>
        $"follower \"{keep.Follower}\", revision {keep.After}, duration {Milliseconds(keep.Duration)}";

    private static string Granted((ulong Lease, TimeSpan TimeToLive) granted) =>
        $"lease 0x{granted.Lease:X16}, time-to-live {Milliseconds(granted.TimeToLive)}";

    private static string Join(List<string> items) => items.Count == 0 ? "none" : string.Join(", ", items);

    private static string Written(WriteResult result) =>
        $"revision {result.Revision}, {(result.Applied ? "applied" : $"refused by precondition {result.FailedPrecondition}")}";

    private static string Scan(ScanRequest scan)
    {
        ScanOptions options = scan.Options;
        return $"start {Show(options.Range.Start.Span)}, end {Show(options.Range.End.Span)}, {(options.Reverse ? "reverse" : "forward")}, "
            + $"{(options.KeysOnly ? "keys only" : "keys and values")}, "
            + $"{(options.Limit == long.MaxValue ? "no limit" : $"limit {options.Limit.ToString(CultureInfo.InvariantCulture)}")}, "
            + $"page-bytes {options.PageBytes}, credit {scan.Credit}";
    }

    private static string Page(ScanPageMessage message)
    {
        var page = new ScanPage(message.Revision, message.Count, message.Rows.ToArray());
        var rows = new List<string>();
        foreach (ScanPage.Row row in page)
        {
            rows.Add($"{Show(row.Key.Span)} = {Show(row.Value.Span)}");
        }

        Assert.That(rows, Has.Count.EqualTo(page.Count));
        return $"revision {page.Revision}, rows {Join(rows)}";
    }

    private static string RangeHash(RangeHashRequest request) =>
        $"start {Show(request.Options.Range.Start.Span)}, end {Show(request.Options.Range.End.Span)}, "
        + $"rows-per-hash {request.Options.RowsPerHash}, credit {request.Credit}";

    private static string Hashes(RangeHashPageMessage message)
    {
        RangeHash[] hashes = message.Unpack(ReadOnlyMemory<byte>.Empty);
        return $"revision {message.Revision}, hashes "
            + string.Join(", ", hashes.Select(hash => $"to {Show(hash.Range.End.Span)} {hash.Rows} rows 0x{hash.Hash:X16}"));
    }

    private static string Checkpoint(CheckpointInfo info) =>
        $"checkpoint {info.Id:D}, format \"{info.Format}\", {Position(info.Position)}, "
        + $"files {Join([.. info.Files.Select(file => $"\"{file.Name}\" {file.Length}")])}";

    private static string CheckpointRead(CheckpointReadRequest read) =>
        $"checkpoint {read.Checkpoint:D}, file \"{read.File}\", offset {read.Offset}, length {read.Length}";

    private static string Piece(CheckpointPieceReply piece) => $"hash 0x{piece.Hash:X16}, piece {Show(piece.Bytes)}";

    private static string Error(ErrorReply error)
    {
        string code = Enum.IsDefined(error.Code) ? Kebab(error.Code.ToString()) : $"code {(int)error.Code}";
        return $"{code}, {Kebab(error.Outcome.ToString())}, \"{error.Message}\"";
    }

    private static string Pack(ReadOnlyMemory<byte> body)
    {
        var messages = new List<string>();
        foreach (ReadOnlyMemory<byte> packed in new PackReader(body))
        {
            (string? type, string? id, string? fields) = Describe(packed);
            messages.Add($"{type} {id} ({fields})");
        }

        return $"messages {string.Join("; ", messages)}";
    }

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WordStart();
}
