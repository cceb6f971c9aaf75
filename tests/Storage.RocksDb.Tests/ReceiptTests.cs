using WsStorage.RocksDb.Receipts;

namespace WsStorage.RocksDb.Tests;

/// <summary>The receipt of files, apart from what they hold.</summary>
public sealed class ReceiptTests : StoreFixture
{
    private string ReceiptPath => Beside("receipt");

    [TestCase(false)]
    [TestCase(true)]
    public async Task It_goes_on_where_it_was_whenever_it_is_interrupted(bool machineCrashes)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            byte[][] files = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => RandomBytes(random, random.Next(4) * random.Next(3000)))];
            CheckpointInfo checkpoint = Describe(files);
            FileReceipt receipt = FileReceipt.Begin(ReceiptPath, checkpoint);
            int interruptions = 0;
            while (Missing(receipt) is { Length: > 0 } missing)
            {
                int file = missing[random.Next(missing.Length)];
                await receipt.WriteAsync(file, Piece(files[file], receipt.GetLength(file), random.Next(1, 1000)));
                if (random.Next(4) == 0 && interruptions++ < 20)
                {
                    receipt = Interrupt(receipt, machineCrashes ? random : null);
                }
            }

            await receipt.CompleteAsync();
            Assert.That(Directory.GetFiles(receipt.FilesDirectory), Has.Length.EqualTo(files.Length));
            for (int i = 0; i < files.Length; i++)
            {
                Assert.That(await File.ReadAllBytesAsync(Path.Combine(receipt.FilesDirectory, checkpoint.Files[i].Name)), Is.EqualTo(files[i]), $"seed {seed}, file {i}");
            }

            // From here on the files are a store's, and change.
            receipt.Dispose();
            File.Delete(Path.Combine(receipt.FilesDirectory, checkpoint.Files[0].Name));
            using (FileReceipt again = FileReceipt.TryOpen(ReceiptPath)!)
            {
                Assert.That(Missing(again), Is.Empty);
                await again.CompleteAsync();
            }

            Directory.Delete(ReceiptPath, recursive: true);
        }
    }

    [Test]
    public async Task It_knows_after_a_restart_what_it_receives()
    {
        CheckpointInfo checkpoint = Describe([B("abc"), B(""), B("defg")]);
        using (FileReceipt receipt = FileReceipt.Begin(ReceiptPath, checkpoint))
        {
            await receipt.WriteAsync(2, Piece(B("defg"), 0, 3));
        }

        using FileReceipt again = FileReceipt.TryOpen(ReceiptPath)!;
        Assert.That(again.Checkpoint with { Files = [] }, Is.EqualTo(checkpoint with { Files = [] }));
        Assert.That(again.Checkpoint.Files, Is.EqualTo(checkpoint.Files));
        Assert.That(new[] { again.GetLength(0), again.GetLength(1), again.GetLength(2) }, Is.EqualTo(new long[] { 0, 0, 3 }));
    }

    [Test]
    public async Task A_piece_that_changed_on_the_way_is_refused_and_can_be_sent_again()
    {
        byte[] file = B("0123456789");
        using FileReceipt receipt = FileReceipt.Begin(ReceiptPath, Describe([file]));
        await receipt.WriteAsync(0, Piece(file, 0, 4));
        CheckpointPiece good = Piece(file, 4, 6);
        byte[] bytes = good.Bytes.ToArray();
        bytes[2] ^= 1;
        Assert.That((await FailsAsync(async () => await receipt.WriteAsync(0, good with { Bytes = bytes }))).Code, Is.EqualTo(StorageErrorCode.Corrupt));
        Assert.That(receipt.GetLength(0), Is.EqualTo(4));
        await receipt.WriteAsync(0, good);
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(receipt.FilesDirectory, "0.sst")), Is.EqualTo(file));
    }

    [Test]
    public async Task A_piece_that_does_not_fit_is_refused()
    {
        using FileReceipt receipt = FileReceipt.Begin(ReceiptPath, Describe([B("0123456789"), new byte[CheckpointInfo.MaxPieceBytes + 1]]));
        await receipt.WriteAsync(0, Piece(B("0123456789"), 0, 4));
        foreach ((int file, int length) in new[] { (0, 7), (0, 0), (1, CheckpointInfo.MaxPieceBytes + 1) })
        {
            byte[] bytes = new byte[length];
            StorageException e = await FailsAsync(async () => await receipt.WriteAsync(file, new CheckpointPiece(bytes, XxHash64.Hash(bytes, 0))));
            Assert.That(e.Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        }

        Assert.That((await FailsAsync(async () => await receipt.CompleteAsync())).Message, Does.Contain("0.sst").And.Contain("4 of 10"));
    }

    [Test]
    public void Without_a_journal_that_makes_sense_there_is_none()
    {
        Assert.That(FileReceipt.TryOpen(ReceiptPath), Is.Null);
        Directory.CreateDirectory(Path.Combine(ReceiptPath, "files"));
        Assert.That(FileReceipt.TryOpen(ReceiptPath), Is.Null);
        string text = new ReceiptRecord(Describe([B("abc"), B("d")])).Write();
        for (int length = 0; length < text.Length; length++)
        {
            File.WriteAllText(Path.Combine(ReceiptPath, "journal"), text[..length]);
            Assert.That(FileReceipt.TryOpen(ReceiptPath), Is.Null, $"{length} characters");
        }

        File.WriteAllText(Path.Combine(ReceiptPath, "journal"), text);
        FileReceipt.TryOpen(ReceiptPath)!.Dispose();
        Directory.Delete(Path.Combine(ReceiptPath, "files"), recursive: true);
        Assert.That(FileReceipt.TryOpen(ReceiptPath), Is.Null, "its files have become a copy already");
    }

    [Test]
    public void Lines_that_make_no_sense_end_the_journal()
    {
        string text = new ReceiptRecord(Describe([B("abc"), B("d")])).Write() + "piece 0 1 0123456789abcdef\n";
        foreach (string bad in new[] { "", "piece", "piece 0", "piece 0 1 xyz", "piece 0 1 0123456789abcde", "piece 2 1 0123456789abcdef", "piece -1 1 0123456789abcdef", "done", "done 2", "done x", "\0\0\0", "complete now" })
        {
            ReceiptRecord record = ReceiptRecord.Read($"{text}{bad}\ndone 1\ncomplete\n")!;
            Assert.That((record.GetPieces(0).Count, record.IsDone(1), record.IsComplete), Is.EqualTo((1, false, false)), bad);
        }

        ReceiptRecord good = ReceiptRecord.Read($"{text}done 1\ncomplete")!;
        Assert.That((good.GetPieces(0).Single(), good.IsDone(1), good.IsComplete), Is.EqualTo(((1, 0x0123456789abcdefUL), true, false)));
    }

    [TestCase("", 1, TestName = "No name")]
    [TestCase(".", 1)]
    [TestCase("..", 1)]
    [TestCase(".hidden", 1)]
    [TestCase("../CURRENT", 1)]
    [TestCase("a/b", 1)]
    [TestCase("a\\b", 1)]
    [TestCase("a b", 1)]
    [TestCase("a\n", 1)]
    [TestCase("a\0", 1)]
    [TestCase("\u00e4", 1)]
    [TestCase("wsstorage.checkpoints", 1)]
    [TestCase("current", 1, TestName = "Differs in case only")]
    [TestCase("a", -1)]
    [TestCase("a", long.MaxValue)]
    public void Names_and_lengths_that_make_no_sense_are_refused(string name, long length)
    {
        CheckpointInfo checkpoint = Describe([]) with { Files = [new("CURRENT", 1), new(name, length)] };
        Assert.That(Fails(() => ReceiptRules.Check(checkpoint)).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
    }

    [Test]
    public void Another_format_no_files_and_too_many_are_refused()
    {
        CheckpointInfo good = Describe([B("abc")]);
        Assert.That(() => ReceiptRules.Check(good), Throws.Nothing);
        Assert.That(() => ReceiptRules.Check(good with { Files = Many(ReceiptRules.MaxFiles) }), Throws.Nothing);
        foreach (CheckpointInfo bad in new[] { good with { Format = "pebble" }, good with { Files = [] }, good with { Files = Many(ReceiptRules.MaxFiles + 1) }, good with { Files = [new(new string('a', 101), 1)] } })
        {
            Assert.That(Fails(() => ReceiptRules.Check(bad)).Code, Is.EqualTo(StorageErrorCode.InvalidArgument));
        }

        static CheckpointFile[] Many(int count) => [.. Enumerable.Range(0, count).Select(i => new CheckpointFile($"{i}.sst", i))];
    }

    private static CheckpointInfo Describe(byte[][] files) => new()
    {
        Id = Guid.NewGuid(),
        Format = "rocksdb",
        Position = new Position(Guid.NewGuid(), new Revision(7), 0xfedcba9876543210),
        Files = [.. files.Select((bytes, i) => new CheckpointFile($"{i}.sst", bytes.Length))],
    };

    private static byte[] RandomBytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static CheckpointPiece Piece(byte[] file, long offset, int length)
    {
        byte[] bytes = file[(int)offset..(int)Math.Min(file.Length, offset + length)];
        return new CheckpointPiece(bytes, XxHash64.Hash(bytes, 0));
    }

    private static int[] Missing(FileReceipt receipt) =>
        [.. Enumerable.Range(0, receipt.Checkpoint.Files.Count).Where(i => receipt.GetLength(i) < receipt.Checkpoint.Files[i].Length)];

    /// <summary>Ends the process; with a random, the machine too, which loses some of what was not brought to the disk.</summary>
    private FileReceipt Interrupt(FileReceipt receipt, Random? random)
    {
        long[] lengths = [.. receipt.Checkpoint.Files.Select((_, i) => receipt.GetLength(i))];
        receipt.Dispose();

        // All of a file may have been received, and not be on the disk yet.
        string journal = File.ReadAllText(Path.Combine(ReceiptPath, "journal"));
        int[] missing =
        [
            .. Enumerable.Range(0, lengths.Length).Where(i => lengths[i] > 0 && !journal.Contains($"done {i}\n", StringComparison.Ordinal)),
        ];
        if (random is not null)
        {
            LoseSome(receipt, missing, random);
        }

        FileReceipt again = FileReceipt.TryOpen(ReceiptPath)!;
        for (int i = 0; i < lengths.Length; i++)
        {
            bool isSafe = random is null || !missing.Contains(i);
            Assert.That(again.GetLength(i), isSafe ? Is.EqualTo(lengths[i]) : Is.LessThanOrEqualTo(lengths[i]));
        }

        return again;
    }

    private void LoseSome(FileReceipt receipt, int[] missing, Random random)
    {
        foreach (int file in missing)
        {
            string path = Path.Combine(receipt.FilesDirectory, receipt.Checkpoint.Files[file].Name);
            if (File.Exists(path) && random.Next(2) == 0)
            {
                byte[] bytes = File.ReadAllBytes(path);
                int from = random.Next(bytes.Length);
                File.WriteAllBytes(path, random.Next(2) == 0 ? bytes[..from] : [.. bytes[..from], .. new byte[bytes.Length - from]]);
            }
        }

        // Of the journal all is safe up to the last line that tells of a complete file.
        string journal = Path.Combine(ReceiptPath, "journal");
        string text = File.ReadAllText(journal);
        int safe = Math.Max(text.LastIndexOf("done ", StringComparison.Ordinal), text.LastIndexOf("file ", StringComparison.Ordinal));
        safe = text.IndexOf('\n', safe) + 1;
        if (random.Next(2) == 0 && safe < text.Length)
        {
            File.WriteAllText(journal, text[..random.Next(safe, text.Length)] + (random.Next(2) == 0 ? "\0\0\0\n" : ""));
        }
    }
}
