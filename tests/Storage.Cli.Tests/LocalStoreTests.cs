namespace WsStorage.Cli.Tests;

/// <summary>Checkpoints, and directories that hold no store.</summary>
internal sealed class LocalStoreTests
{
    private readonly TestDirectory _directory = new();

    [OneTimeTearDown]
    public void Delete() => _directory.Dispose();

    [Test]
    public async Task Checkpoint_is_restored_as_a_store_of_its_own()
    {
        string data = _directory.Of("data");
        string checkpoint = _directory.Of("checkpoint");
        string restored = _directory.Of("restored");
        (await CliProcess.RunAsync("put", "k", "before", "--data", data)).ShouldSucceed();

        CliResult made = (await CliProcess.RunAsync("checkpoint", checkpoint, "--data", data)).ShouldSucceed();
        (await CliProcess.RunAsync("put", "k", "after", "--data", data)).ShouldSucceed();
        (await CliProcess.RunAsync("restore", checkpoint, "--data", restored)).ShouldSucceed();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(made.Text, Is.EqualTo($"{checkpoint} holds {data} at revision 1.\n"));
            Assert.That((await CliProcess.RunAsync("get", "k", "--data", restored)).Text, Is.EqualTo("before"));
            Assert.That((await CliProcess.RunAsync("get", "k", "--data", data)).Text, Is.EqualTo("after"));
            Assert.That(await EpochAsync(restored), Is.Not.EqualTo(await EpochAsync(data)));
        }

        (await CliProcess.RunAsync("checkpoint", checkpoint, "--data", data)).ShouldFail(2, "exists");
        (await CliProcess.RunAsync("restore", checkpoint, "--data", restored)).ShouldFail(2, "is not empty");
        (await CliProcess.RunAsync("restore", _directory.Of("none"), "--data", _directory.Of("new"))).ShouldFail(3, "");
    }

    [Test]
    [TestCase("get", "k")]
    [TestCase("remove", "k")]
    [TestCase("scan")]
    [TestCase("info")]
    [TestCase("export")]
    public async Task Verb_that_needs_a_store_does_not_make_one(params string[] verb)
    {
        string data = _directory.Of($"missing-{verb[0]}");

        (await CliProcess.RunAsync([.. verb, "--data", data])).ShouldFail(3, "There is no store in ");

        Assert.That(Directory.Exists(data), Is.False);
    }

    [Test]
    public async Task Directory_with_other_files_is_left_alone()
    {
        string data = _directory.Of("documents");
        Directory.CreateDirectory(data);
        await File.WriteAllTextAsync(Path.Combine(data, "letter.txt"), "Dear");

        (await CliProcess.RunAsync("put", "k", "v", "--data", data)).ShouldFail(2, "letter.txt");

        Assert.That(Directory.GetFiles(data), Has.Length.EqualTo(1));
    }

    private static async Task<string> EpochAsync(string data) =>
        (await CliProcess.RunAsync("info", "--data", data)).ShouldSucceed().Text.Split('\n').Single(line => line.StartsWith("epoch", StringComparison.Ordinal));
}
