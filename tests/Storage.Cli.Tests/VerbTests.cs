using System.Text;
using System.Text.Json;

namespace WsStorage.Cli.Tests;

/// <summary>The same verbs, on a served store and on one in a directory.</summary>
[TestFixture("url")]
[TestFixture("data")]
[NonParallelizable]
internal sealed class VerbTests(string kind)
{
    private readonly TestDirectory _directory = new();
    private ServedStore? _served;
    private string[] _store = [];

    [OneTimeSetUp]
    public async Task Start()
    {
        if (kind.Equals("data", StringComparison.Ordinal))
        {
            _store = ["--data", _directory.Of("data")];
            return;
        }

        _served = await ServedStore.StartAsync(_directory.MakeCertificates().Directory, "--data", _directory.Of("data"));
        _store = _served.Options;
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _served?.Dispose();
        _directory.Dispose();
    }

    [Test]
    public async Task What_is_put_is_got_byte_for_byte()
    {
        byte[] value = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        (await RunAsync(value, "put", "bytes", "-")).ShouldSucceed();
        (await RunAsync([], "put", "text", "grüezi\n")).ShouldSucceed();
        (await RunAsync([], "put", "file", "--file", _directory.WriteFile("value", value))).ShouldSucceed();

        Assert.That((await RunAsync([], "get", "bytes")).ShouldSucceed().Output, Is.EqualTo(value));
        Assert.That((await RunAsync([], "get", "file")).ShouldSucceed().Output, Is.EqualTo(value));
        Assert.That((await RunAsync([], "get", "text")).ShouldSucceed().Text, Is.EqualTo("grüezi\n"));
        Assert.That((await RunAsync([], "get", "--base64", Convert.ToBase64String("bytes"u8))).Text, Is.EqualTo(Convert.ToBase64String(value) + "\n"));
    }

    [Test]
    public async Task Keys_and_values_may_be_hexadecimal()
    {
        (await RunAsync([], "put", "--hex", "ff00", "0aFF")).ShouldSucceed();

        Assert.That((await RunAsync([], "get", "--hex", "FF00")).ShouldSucceed().Text, Is.EqualTo("0aff\n"));
    }

    [Test]
    public async Task Several_keys_are_printed_as_lines_and_missing_ones_on_stderr()
    {
        (await RunAsync([], "put", "several/a", "1\t2")).ShouldSucceed();

        CliResult result = await RunAsync([], "get", "several/a", "several/b", "several/a");

        Assert.That(result.Text, Is.EqualTo("several/a\t1\\t2\nseveral/a\t1\\t2\n"));
        result.ShouldFail(1, "there is no key 'several/b'");
    }

    [Test]
    public async Task Missing_key_exits_with_1()
    {
        CliResult result = await RunAsync([], "get", "nowhere");

        Assert.That(result.Output, Is.Empty);
        result.ShouldFail(1, "there is no key 'nowhere' at revision ");
    }

    [Test]
    public async Task Put_if_absent_changes_nothing_when_present()
    {
        (await RunAsync([], "put", "--if-absent", "once", "first")).ShouldSucceed();

        (await RunAsync([], "put", "--if-absent", "once", "second")).ShouldFail(1, "the key 'once' is present");

        Assert.That((await RunAsync([], "get", "once")).Text, Is.EqualTo("first"));
    }

    [Test]
    public async Task Remove_takes_keys_and_prefixes()
    {
        foreach (string key in (string[])["gone/1", "gone/2", "gonealso", "stays"])
        {
            (await RunAsync([], "put", key, "x")).ShouldSucceed();
        }

        (await RunAsync([], "remove", "gonealso", "never-there", "--prefix", "gone/")).ShouldSucceed();

        Assert.That((await RunAsync([], "scan", "--prefix", "gone", "--keys-only")).Output, Is.Empty);
        Assert.That((await RunAsync([], "get", "stays")).Text, Is.EqualTo("x"));
    }

    [Test]
    public async Task Scan_prints_ranges_in_order()
    {
        foreach (string key in (string[])["scan/a", "scan/b", "scan/c", "scan/d"])
        {
            (await RunAsync([], "put", key, $"of {key}")).ShouldSucceed();
        }

        (await RunAsync([], "put", "--hex", Convert.ToHexString("scan/e\n\\"u8), "ff")).ShouldSucceed();

        Assert.That(
            (await RunAsync([], "scan", "--prefix", "scan/", "--start", "scan/b", "--end", "scan/d")).ShouldSucceed().Text,
            Is.EqualTo("scan/b\tof scan/b\nscan/c\tof scan/c\n"));
        Assert.That(
            (await RunAsync([], "scan", "--prefix", "scan/", "--reverse", "--limit", "2", "--keys-only")).ShouldSucceed().Text,
            Is.EqualTo("scan/e\\n\\\\\nscan/d\n"));
        Assert.That(
            (await RunAsync([], "scan", "--start", "scan/d", "--end", "scan/f", "--json")).ShouldSucceed().Text,
            Is.EqualTo("{\"key\":\"scan/d\",\"value\":\"of scan/d\"}\n{\"key\":\"scan/e\\n\\\\\",\"valueBase64\":\"/w==\"}\n"));
    }

    [Test]
    public async Task Info_tells_engine_and_revision()
    {
        (await RunAsync([], "put", "info", "x")).ShouldSucceed();

        Assert.That((await RunAsync([], "info")).ShouldSucceed().Text, Does.Contain("rocksdb").And.Contain("revision"));
        using var json = JsonDocument.Parse((await RunAsync([], "info", "--json")).ShouldSucceed().Output);
        Assert.That(json.RootElement.GetProperty("revision").GetUInt64(), Is.Positive);
    }

    [Test]
    public async Task Export_and_import_carry_every_row_in_both_forms([Values("jsonl", "binary")] string format)
    {
        string rows = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{{\"key\":\"export/{format}/{i:D5}\",\"value\":\"{i} ü\"}}\n"));
        (await RunAsync(Encoding.UTF8.GetBytes(rows), "import")).ShouldSucceed();
        string file = _directory.Of($"export.{format}");

        CliResult exported = (await RunAsync([], "export", file, "--format", format, "--prefix", $"export/{format}/")).ShouldSucceed();
        string[] copy = ["--data", _directory.Of($"copy-{format}")];
        CliResult imported = (await CliProcess.RunAsync(["import", file, .. copy])).ShouldSucceed();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(exported.Error, Does.StartWith("Exported 5,000 rows at revision "));
            Assert.That(imported.Error, Is.EqualTo("Imported 5,000 rows.\n"));
            Assert.That((await CliProcess.RunAsync(["scan", "--json", .. copy])).Text, Is.EqualTo(rows));
        }
    }

    [Test]
    public async Task Scan_ends_quietly_when_nobody_reads_on()
    {
        string rows = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{{\"key\":\"pipe/{i:D5}\",\"value\":\"{new string('v', 100)}\"}}\n"));
        (await RunAsync(Encoding.UTF8.GetBytes(rows), "import")).ShouldSucceed();

        using CliProcess scan = CliProcess.Start(["scan", "--prefix", "pipe/", .. _store]);
        string? first = await scan.Output.ReadLineAsync();
        scan.Output.Close();
        CliResult result = await scan.EndAsync([]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Does.StartWith("pipe/00000\t"));
            Assert.That(result.ExitCode, Is.Zero);
            Assert.That(result.Error, Is.Empty);
        }
    }

    private Task<CliResult> RunAsync(byte[] input, params string[] arguments) => CliProcess.RunAsync(input, [.. arguments, .. _store]);
}
