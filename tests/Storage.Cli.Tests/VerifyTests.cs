using WsStorage.RocksDb.Copies;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Tests;

/// <summary>Comparing a replica with its source from the command line.</summary>
internal sealed class VerifyTests
{
    private readonly TestDirectory _directory = new();
    private CertificateSet _certificates = null!;

    [OneTimeSetUp]
    public void MakeCertificates() => _certificates = _directory.MakeCertificates();

    [OneTimeTearDown]
    public void Delete() => _directory.Dispose();

    [Test]
    public async Task Equal_replica_is_told_after_it_has_caught_up()
    {
        using ServedStore served = await StartAsync();
        string data = await ReplicateAsync(served, "equal");
        await RunAsync(served, "put", "c", "3");

        CliResult result = (await VerifyAsync(served, data)).ShouldSucceed();

        Assert.That(result.Text, Is.EqualTo("equal: 3 rows at revision 3\n"));
        Assert.That(result.Error, Is.Empty);
    }

    [Test]
    public async Task Flipped_value_is_found_by_its_key_and_mended()
    {
        using ServedStore served = await StartAsync();
        string data = await ReplicateAsync(served, "flipped");
        await DamageAsync(data, new WriteBatch().Put("b", "X"));

        CliResult found = await VerifyAsync(served, data);
        CliResult elsewhere = (await VerifyAsync(served, data, "--prefix", "a")).ShouldSucceed();
        CliResult asHex = await VerifyAsync(served, data, "--hex");
        CliResult mended = (await VerifyAsync(served, data, "--mend")).ShouldSucceed();
        CliResult after = (await VerifyAsync(served, data)).ShouldSucceed();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.ExitCode, Is.EqualTo(1), found.Error);
            Assert.That(found.Text, Is.EqualTo("different: 1 of 2 rows at revision 2, the first b, which has another value in the replica\n"));
            Assert.That(elsewhere.Text, Is.EqualTo("equal: 1 rows at revision 2\n"));
            Assert.That(asHex.Text, Does.Contain("the first 62, which"));
            Assert.That(mended.Text, Does.StartWith("different: 1 of 2 rows").And.EndWith("; 1 mended\n"));
            Assert.That(after.Text, Is.EqualTo("equal: 2 rows at revision 2\n"));
        }
    }

    [Test]
    public async Task Rows_that_are_missing_or_too_many_are_told()
    {
        using ServedStore served = await StartAsync();
        string data = await ReplicateAsync(served, "missing");
        await DamageAsync(data, new WriteBatch().Remove("a").Put("z", "1"));

        CliResult missing = await VerifyAsync(served, data);
        CliResult extra = await VerifyAsync(served, data, "--start", "b");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(missing.Text, Does.StartWith("different: 2 of ").And.Contain("the first a, which the replica lacks"));
            Assert.That(extra.Text, Does.Contain("the first z, which only the replica has"));
        }
    }

    [Test]
    public async Task Replica_of_some_ranges_is_compared_in_them()
    {
        using ServedStore served = await StartAsync();
        string data = await ReplicateAsync(served, "some", "--prefix", "b");

        Assert.That((await VerifyAsync(served, data)).ShouldSucceed().Text, Is.EqualTo("equal: 1 rows at revision 2\n"));
    }

    [Test]
    public async Task Replica_of_another_store_differs()
    {
        using ServedStore served = await StartAsync();
        string data = await ReplicateAsync(served, "other");
        using ServedStore other = await StartAsync();

        CliResult result = await VerifyAsync(other, data);

        Assert.That(result.ExitCode, Is.EqualTo(1), result.Error);
        Assert.That(result.Text, Does.StartWith("different: the replica is of another store, epoch "));
    }

    [Test]
    public async Task What_can_not_be_compared_is_told()
    {
        using ServedStore served = await StartAsync();
        string data = _directory.Of("in-use");
        using CliProcess replicate = CliProcess.Start(["replicate", .. served.Options, "--data", data]);
        await replicate.SaysAsync("in step at revision 2");

        (await VerifyAsync(served, data)).ShouldFail(3, "is in use: stop the `wsstorage replicate` or `serve --replica-of` that keeps it");
        (await VerifyAsync(served, _directory.Of("nowhere"))).ShouldFail(3, "There are no copies in ");
        Assert.That(Directory.Exists(_directory.Of("nowhere")), Is.False);
    }

    [Test]
    public async Task Range_that_the_replica_does_not_hold_is_not_called_equal()
    {
        using ServedStore served = await StartAsync();
        string data = _directory.Of("some");
        (await CliProcess.RunAsync(["replicate", .. served.Options, "--data", data, "--until-live", "--prefix", "a"])).ShouldSucceed();

        (await VerifyAsync(served, data, "--prefix", "b")).ShouldFail(2, "holds no keys of the range to compare");
        Assert.That((await VerifyAsync(served, data)).Text, Does.StartWith("equal: 1 rows"));
    }

    [Test]
    public async Task Replica_that_is_kept_verifies_and_mends_itself()
    {
        using ServedStore served = await StartAsync();
        string data = await ReplicateAsync(served, "itself");
        await DamageAsync(data, new WriteBatch().Put("b", "X"));
        using CliProcess replicate = CliProcess.Start(
            ["replicate", .. served.Options, "--data", data, "--verify-every", "100ms", "--mend"]);

        await replicate.SaysAsync("different: 1 of 2 rows at revision 2, the first b, which has another value in the replica; 1 mended.");
        await replicate.SaysAsync("equal: 2 rows at revision 2.");
        await replicate.SignalAsync("TERM");
        (await replicate.FinishAsync()).ShouldSucceed();

        Assert.That((await CliProcess.RunAsync("get", "b", "--data", data)).Text, Is.EqualTo("2"));
    }

    private static Task<CliResult> VerifyAsync(ServedStore served, string data, params string[] options) =>
        CliProcess.RunAsync(["verify", .. served.Options, "--data", data, .. options]);

    private static async Task RunAsync(ServedStore served, params string[] verb) =>
        (await CliProcess.RunAsync([.. verb, .. served.Options])).ShouldSucceed();

    /// <summary>Changes rows of a copy as a disk that fails would: without a revision.</summary>
    private static async Task DamageAsync(string data, WriteBatch damage)
    {
        await using var copies = RocksDbCopyStore.Open(data);
        await copies.Current!.MendAsync(damage);
    }

    private async Task<ServedStore> StartAsync()
    {
        ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        await RunAsync(served, "put", "a", "1");
        await RunAsync(served, "put", "b", "2");
        return served;
    }

    private async Task<string> ReplicateAsync(ServedStore served, string name, params string[] options)
    {
        string data = _directory.Of(name);
        (await CliProcess.RunAsync(["replicate", "--until-live", .. served.Options, "--data", data, .. options])).ShouldSucceed();
        return data;
    }
}
