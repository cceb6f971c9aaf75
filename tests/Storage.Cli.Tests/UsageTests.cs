namespace WsStorage.Cli.Tests;

/// <summary>What is wrong on a command line is told in one line, with exit code 2, before anything is touched.</summary>
internal sealed class UsageTests
{
    private static readonly string[][] Verbs =
    [
        [], ["demo"], ["serve"], ["get"], ["put"], ["remove"], ["scan"], ["import"], ["export"], ["info"], ["certs"], ["certs", "new"],
        ["certs", "show"], ["checkpoint"], ["restore"], ["bench"], ["watch"], ["invalidate"], ["lock"], ["replicate"], ["verify"],
    ];

    [Test]
    [TestCase("", "Required command was not provided. See `wsstorage --help`.")]
    [TestCase("frobnicate", "Unrecognized command or argument 'frobnicate'")]
    [TestCase("get", "Required argument 'KEY' missing")]
    [TestCase("get k", "Which store? Give --url")]
    [TestCase("get k --url wss://localhost/s --data d", "name two stores; give one of them")]
    [TestCase("get k --url nonsense", "The URL 'nonsense' is none")]
    [TestCase("get k --url http://localhost/s", "it must begin with wss://")]
    [TestCase("get k --nonsense", "'--nonsense' is no option here")]
    [TestCase("get --hex xyz --data d", "The key 'xyz' is not an even number of hexadecimal digits")]
    [TestCase("get --hex --base64 k --data d", "--hex and --base64 exclude each other")]
    [TestCase("put k --data d", "Give the value, or - to read it from stdin")]
    [TestCase("put k v --file f --data d", "Give the value, or - to read it from stdin")]
    [TestCase("remove --data d", "Give at least one key, or --prefix")]
    [TestCase("remove --prefix= --data d", "'--data' is no option here")]
    [TestCase("scan --limit 0 --data d", "A scan's limit is 0")]
    [TestCase("scan --limit x --data d", "'x' is no number for --limit")]
    [TestCase("export --format xml --data d", "The format 'xml' is none; it is jsonl or binary")]
    [TestCase("watch --from yesterday --data d", "'yesterday' is no place to watch from; give now, 0, or the \"position\"")]
    [TestCase("watch --limit 0 --data d", "--limit is 0; it must be at least 1")]
    [TestCase("watch --hex --prefix x --data d", "The prefix 'x' is not an even number of hexadecimal digits")]
    [TestCase("invalidate --url wss://localhost/s", "Give keys, --prefix, or --all")]
    [TestCase("invalidate k --all --url wss://localhost/s", "Give keys, --prefix, or --all")]
    [TestCase("invalidate --all", "Which store? Give --url wss://HOST[:PORT]/PATH (or set WSSTORAGE_URL)")]
    [TestCase("lock name", "Required argument 'COMMAND' missing")]
    [TestCase("lock name -- true", "Which store? Give --url wss://HOST[:PORT]/PATH (or set WSSTORAGE_URL)")]
    [TestCase("lock name --try --wait 1s -- true", "--try and --wait exclude each other")]
    [TestCase("lock name --ttl soon -- true", "'soon' is no time for --ttl; write a number and ms, s, m, h or d")]
    [TestCase("serve --data d --log-bytes much", "'much' is no size for --log-bytes; write a number of bytes")]
    [TestCase("serve", "Give --data DIR for the store to serve, or --memory")]
    [TestCase("serve --data d --memory", "Give --data DIR for the store to serve, or --memory")]
    [TestCase("serve --memory --listen 99999", "'99999' is no address to listen on")]
    [TestCase("serve --memory --listen localhost", "'localhost' is no address to listen on")]
    [TestCase("serve --data d --durability maybe", "The durability 'maybe' is none; it is synced or buffered")]
    [TestCase("serve --memory --by rows", "Options of a replica go with --replica-of wss://")]
    [TestCase("serve --memory --replica-of localhost", "The URL 'localhost' is none")]
    [TestCase("replicate", "Give --data DIR: where the replica is to be")]
    [TestCase("replicate --data d", "Which store? Give --url wss://HOST[:PORT]/PATH (or set WSSTORAGE_URL)")]
    [TestCase("replicate --data d --url http://localhost/s", "it must begin with wss://")]
    [TestCase("replicate --data d --url wss://localhost/s --by magic", "'magic' is no way to load a copy; it is auto, rows or files")]
    [TestCase("replicate --data d --url wss://localhost/s --by files --prefix a", "files hold all keys")]
    [TestCase("replicate --data d --url wss://localhost/s --start b --end a", "a range that no key can be in")]
    [TestCase("replicate --data d --url wss://localhost/s --mend", "--mend goes with --verify-every")]
    [TestCase("replicate --data d --url wss://localhost/s --verify-every 0s", "--verify-every is 00:00:00; it must be from 1ms")]
    [TestCase("verify", "Give --data DIR: the directory of the replica")]
    [TestCase("verify --data d", "Which store? Give --url wss://HOST[:PORT]/PATH (or set WSSTORAGE_URL)")]
    [TestCase("certs new --host bad_host!", "is no DNS name")]
    [TestCase("certs new --days 9999", "A certificate's validity is 9999 days")]
    [TestCase("checkpoint target", "Give --data DIR")]
    [TestCase("restore source", "Give --data DIR")]
    [TestCase("bench --depth 0", "--depth is 0; it must be at least 1")]
    [TestCase("bench --depth one", "'one' is no list of whole numbers")]
    [TestCase("bench --workload nap", "'nap' is no list of get, put or mix")]
    [TestCase("bench --engine tape", "Argument 'tape' not recognized")]
    [TestCase("certs new --days soon", "'soon' is no number for --days, or too large a one. See `wsstorage certs new --help`.")]
    [TestCase("bench --mix 101", "--mix is 101")]
    [TestCase("demo --seconds 0", "--seconds is 0")]
    public async Task Wrong_usage_is_told_in_one_line(string commandLine, string message)
    {
        using var directory = new TestDirectory();
        using CliProcess process = CliProcess.StartIn(directory.Path, [], commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        (await process.FinishAsync()).ShouldFail(2, message);

        Assert.That(Directory.EnumerateFileSystemEntries(directory.Path), Is.Empty);
    }

    [TestCaseSource(nameof(Verbs))]
    public async Task Every_verb_has_help(params string[] verb)
    {
        CliResult result = (await CliProcess.RunAsync([.. verb, "--help"])).ShouldSucceed();

        Assert.That(result.Text, Does.Contain("Usage:"));
        Assert.That(result.Error, Is.Empty);
    }

    [Test]
    public async Task Help_lists_verbs_variables_and_exit_codes_but_no_hidden_verb()
    {
        string help = (await CliProcess.RunAsync("--help")).ShouldSucceed().Text;

        Assert.That(help, Does.Contain("WSSTORAGE_URL").And.Contain("Exit codes:").And.Contain("bench").And.Not.Contain("demo-client").And.Not.Contain("demo-replica"));
    }

    [Test]
    public async Task After_two_dashes_a_key_may_look_like_an_option()
    {
        using var directory = new TestDirectory();
        (await CliProcess.RunAsync("put", "--data", directory.Of("data"), "--", "--key", "-5")).ShouldSucceed();

        Assert.That((await CliProcess.RunAsync("get", "--data", directory.Of("data"), "--", "--key")).Text, Is.EqualTo("-5"));
    }
}
