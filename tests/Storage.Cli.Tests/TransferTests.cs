using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Moq;
using WsStorage.Cli.Transfer;
using WsStorage.Core;

namespace WsStorage.Cli.Tests;

/// <summary>The two forms of an export, whole, cut at every byte, changed at every byte, and hostile.</summary>
internal sealed class TransferTests
{
    private const int SmallBatch = 64;

    private static readonly Guid Epoch = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Test]
    public async Task Any_rows_come_back([Values] TransferFormat format, [Values(1, SmallBatch, 1 << 20)] int batchBytes)
    {
        await using InMemoryStorage source = await FillAsync(new Random(2), rows: 300);
        byte[] bytes = await WriteAsync(source, format);
        await using var copy = new InMemoryStorage();

        await ReadAsync(copy, bytes, format, batchBytes);

        Assert.That(await RowsAsync(copy), Is.EqualTo(await RowsAsync(source)));
    }

    [Test]
    public async Task Empty_store_has_the_export_that_the_specification_shows()
    {
        await using var empty = new InMemoryStorage();
        byte[] bytes = await WriteAsync(empty, TransferFormat.Binary);

        // The last block of code in the page: lines of bytes in hex, a run of blanks, and what they are.
        string page = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "export-format.md"));
        string example = page.Split("```")[^2];
        string hex = string.Concat(example.Split('\n').Select(line => line.Split("  ")[0].Replace(" ", "", StringComparison.Ordinal)));

        Assert.That(Convert.ToHexString(bytes), Is.EqualTo(hex));
        await ReadAsync(empty, bytes, TransferFormat.Binary, SmallBatch);
    }

    [Test]
    public async Task Binary_form_that_is_cut_anywhere_is_noticed()
    {
        await using InMemoryStorage source = await FillAsync(new Random(3), rows: 12);
        byte[] bytes = await WriteAsync(source, TransferFormat.Binary);
        for (int length = 0; length < bytes.Length; length++)
        {
            MalformedInputException? noticed = await ReadBrokenAsync(bytes[..length], TransferFormat.Binary);
            Assert.That(noticed?.Message, Does.Contain("cut short"), $"cut at {length}");
        }
    }

    [Test]
    public async Task Binary_form_that_is_changed_anywhere_is_noticed_and_no_damaged_row_applied()
    {
        await using InMemoryStorage source = await FillAsync(new Random(4), rows: 12);
        byte[] bytes = await WriteAsync(source, TransferFormat.Binary);
        Dictionary<string, string> whole = (await RowsAsync(source)).ToDictionary(row => row.Split('=')[0], row => row, StringComparer.Ordinal);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x55;
            await using var copy = new InMemoryStorage();
            MalformedInputException? noticed = await ReadBrokenAsync(bytes, TransferFormat.Binary, copy);
            bytes[i] ^= 0x55;

            Assert.That(noticed, Is.Not.Null, $"changed at {i}");
            Assert.That((await RowsAsync(copy)).Where(row => !whole.ContainsValue(row)), Is.Empty, $"changed at {i}");
        }
    }

    [Test]
    public async Task Binary_form_with_something_after_its_end_is_refused()
    {
        await using InMemoryStorage source = await FillAsync(new Random(5), rows: 3);
        byte[] bytes = await WriteAsync(source, TransferFormat.Binary);

        Assert.That((await ReadBrokenAsync([.. bytes, 0], TransferFormat.Binary))?.Message, Does.Contain("more follows"));
    }

    [Test]
    [TestCase("01FFFFFFFFFFFFFFFFFF01", "a block claims 18446744073709551615 bytes")]
    [TestCase("01FFFFFFFF7F", "a block claims 34359738367 bytes")]
    [TestCase("0100", "a block claims 0 bytes")]
    [TestCase("018000", "a length is no varint")]
    [TestCase("07", "a part begins with 7")]
    public async Task Hostile_length_is_refused_before_memory_is_taken(string part, string message)
    {
        await using var empty = new InMemoryStorage();
        byte[] header = (await WriteAsync(empty, TransferFormat.Binary))[..^17];

        Assert.That((await ReadBrokenAsync([.. header, .. Convert.FromHexString(part)], TransferFormat.Binary))?.Message, Does.Contain(message));
    }

    [Test]
    [TestCase("not json", "line 2: this is no JSON object of a key and a value: 'n")]
    [TestCase("{\"key\":\"k\"}", "line 2: a row needs a key and a value")]
    [TestCase("{\"key\":\"k\",\"value\":\"v\"", "line 2: this is no JSON object")]
    [TestCase("{\"key\":\"k\",\"value\":\"v\"} {}", "line 2: this is no JSON object")]
    [TestCase("{\"key\":\"k\",\"value\":1}", "line 2: 'value' must be one text")]
    [TestCase("{\"key\":\"k\",\"keyBase64\":\"aw==\",\"value\":\"v\"}", "line 2: 'keyBase64' must be one text")]
    [TestCase("{\"key\":\"k\",\"value\":\"v\",\"ttl\":\"1\"}", "line 2: 'ttl' is no property of a row")]
    [TestCase("{\"key\":\"\\ud800\",\"value\":\"v\"}", "line 2: ")]
    [TestCase("{\"keyBase64\":\"?\",\"value\":\"v\"}", "line 2: ")]
    [TestCase("[]", "line 2: a line must be a JSON object")]
    public async Task Malformed_line_is_told_and_what_stands_before_it_applied(string line, string message)
    {
        await using var storage = new InMemoryStorage();
        byte[] bytes = Encoding.UTF8.GetBytes($"{{\"key\":\"first\",\"value\":\"1\"}}\n{line}\n{{\"key\":\"last\",\"value\":\"3\"}}\n");

        MalformedInputException? noticed = await ReadBrokenAsync(bytes, TransferFormat.JsonLines, storage);

        Assert.That(noticed?.Message, Does.StartWith(message));
        Assert.That(await RowsAsync(storage), Is.EqualTo((string[])["6669727374=31"]));
    }

    [Test]
    public async Task Line_longer_than_any_row_is_refused_before_it_is_read_whole()
    {
        await using var storage = new InMemoryStorage(new InMemoryStorageOptions { Limits = new StorageLimits(100, 200_000) });
        byte[] endless = [.. Enumerable.Repeat((byte)'x', 1_000_000)];

        MalformedInputException? noticed = await ReadBrokenAsync(endless, TransferFormat.JsonLines, storage);

        Assert.That(noticed?.Message, Does.Contain("longer than"));
    }

    [Test]
    public async Task Empty_lines_and_line_ends_of_windows_are_taken()
    {
        await using var storage = new InMemoryStorage();

        await ReadAsync(storage, "\n  \r\n{\"value\":\"v\",\"key\":\"k\"}\r\n\n{\"key\":\"\",\"value\":\"\"}"u8.ToArray(), TransferFormat.JsonLines, SmallBatch);

        Assert.That(await RowsAsync(storage), Is.EqualTo((string[])["=", "6B=76"]));
    }

    [Test]
    public async Task First_failure_of_the_storage_is_the_one_that_is_told()
    {
        await using InMemoryStorage source = await FillAsync(new Random(6), rows: 300);
        byte[] bytes = await WriteAsync(source, TransferFormat.JsonLines);
        var storage = new Mock<IStorage>();
        int writes = 0;
        storage.Setup(s => s.WriteAsync(It.IsAny<WriteBatch>(), It.IsAny<CancellationToken>())).Returns(() => ++writes < 3
            ? ValueTask.FromResult(WriteResult.AppliedAt(new Revision(1)))
            : ValueTask.FromException<WriteResult>(new StorageException(StorageErrorCode.DiskFull, $"write {writes}")));
        var importer = new Importer(
            storage.Object, new JsonRowReader(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), StorageLimits.Default), batchBytes: 1);

        StorageException? failure = await Assert.ThrowsAsync<StorageException>(() => importer.RunAsync((_, _) => { }, CancellationToken.None));

        Assert.That(failure?.Message, Is.EqualTo("write 3"));
        Assert.That(importer.Rows, Is.EqualTo(2));
    }

    [Test]
    public async Task Export_that_cannot_be_written_names_the_file_that_was_asked_for()
    {
        using var directory = new TestDirectory();
        (await CliProcess.RunAsync("put", "k", "v", "--data", directory.Of("data"))).ShouldSucceed();
        string file = Path.Combine(directory.Of("missing"), "export.jsonl");

        CliResult result = await CliProcess.RunAsync("export", file, "--data", directory.Of("data"));

        result.ShouldFail(3, $"{file} cannot be written: ");
        Assert.That(result.Error, Does.Not.Contain(".partial"));
    }

    [Test]
    public async Task Import_on_the_command_line_says_file_line_and_what_was_applied()
    {
        using var directory = new TestDirectory();
        string file = directory.WriteFile("rows.jsonl", "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\",\"value\":\"2\"}\noops\n"u8.ToArray());
        string data = directory.Of("data");

        (await CliProcess.RunAsync("import", file, "--data", data)).ShouldFail(2, $"{file}, line 3: this is no JSON object");

        Assert.That((await CliProcess.RunAsync("scan", "--data", data)).Text, Is.EqualTo("a\t1\nb\t2\n"));
        (await CliProcess.RunAsync("import", directory.Of("none"), "--data", data)).ShouldFail(3, "Could not find file");
        (await CliProcess.RunAsync("export", file, "--data", data)).ShouldFail(2, "exists already");
        (await CliProcess.RunAsync("export", directory.Of("no/such/file"), "--data", data)).ShouldFail(3, "Could not find a part of the path");
    }

    private static async Task<InMemoryStorage> FillAsync(Random random, int rows)
    {
        var storage = new InMemoryStorage();
        for (int i = 0; i < rows; i++)
        {
            byte[] key = new byte[random.Next(0, 20)];
            byte[] value = new byte[random.Next(0, 200)];
            random.NextBytes(key);
            random.NextBytes(value);
            await storage.PutAsync(key, value);
        }

        return storage;
    }

    private static async Task<byte[]> WriteAsync(InMemoryStorage storage, TransferFormat format)
    {
        using var output = new MemoryStream();
        using var json = format == TransferFormat.JsonLines ? new JsonRowWriter(output) : null;
        IRowWriter writer = json is null ? new BinaryRowWriter(output) : json;
        writer.Begin(Epoch, new Revision(0));
        await foreach (ScanPage page in storage.ScanPagesAsync(new ScanOptions { PageBytes = 1024 }))
        {
            writer.Write(page);
        }

        writer.End();
        return output.ToArray();
    }

    private static async Task ReadAsync(InMemoryStorage storage, byte[] bytes, TransferFormat format, int batchBytes)
    {
        StorageLimits limits = (await storage.GetInfoAsync()).Limits;
        var pipe = PipeReader.Create(new ReadOnlySequence<byte>(bytes));
        IRowReader reader = format == TransferFormat.Binary ? new BinaryRowReader(pipe, limits) : new JsonRowReader(pipe, limits);
        await new Importer(storage, reader, batchBytes).RunAsync((_, _) => { }, CancellationToken.None);
    }

    private static async Task<MalformedInputException?> ReadBrokenAsync(byte[] bytes, TransferFormat format, InMemoryStorage? storage = null)
    {
        await using var own = new InMemoryStorage();
        try
        {
            await ReadAsync(storage ?? own, bytes, format, SmallBatch);
            return null;
        }
        catch (MalformedInputException exception)
        {
            return exception;
        }
    }

    private static async Task<List<string>> RowsAsync(InMemoryStorage storage)
    {
        var rows = new List<string>();
        await foreach (Entry entry in storage.ScanAsync(KeyRange.All))
        {
            rows.Add($"{Convert.ToHexString(entry.Key)}={Convert.ToHexString(entry.Value)}");
        }

        return rows;
    }
}
