using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Tests;

/// <summary>Running a command while a lock is held.</summary>
internal sealed class LockTests
{
    private readonly TestDirectory _directory = new();
    private CertificateSet _certificates = null!;
    private ServedStore _served = null!;

    [OneTimeSetUp]
    public async Task Serve()
    {
        _certificates = _directory.MakeCertificates();
        _served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
    }

    [OneTimeTearDown]
    public void Delete()
    {
        _served.Dispose();
        _directory.Dispose();
    }

    [Test]
    public async Task Command_gets_a_token_that_grows_and_its_exit_code_is_passed_on()
    {
        string[] script = ["sh", "-c", "echo $WSSTORAGE_LOCK_TOKEN; exit 7"];
        CliResult first = await RunAsync("lock", "code", ["--", .. script]);
        CliResult second = await RunAsync("lock", "code", ["--try", "--", .. script]);

        Assert.That((first.ExitCode, second.ExitCode), Is.EqualTo((7, 7)), first.Error + second.Error);
        Assert.That(ulong.Parse(second.Text), Is.GreaterThan(ulong.Parse(first.Text)));
        Assert.That(first.Error, Is.Empty);
    }

    [Test]
    public async Task Lock_that_is_taken_is_refused_or_waited_for()
    {
        using CliProcess holder = await HoldAsync(_served, "taken");
        (await RunAsync("lock", "taken", "--try", "--", "echo", "never")).ShouldFail(1, "the lock 'taken' is taken; nothing was run.");
        (await RunAsync("lock", "taken", "--wait", "300ms", "--", "echo", "never")).ShouldFail(1, "the lock 'taken' is taken; nothing was run.");
        using CliProcess waiting = CliProcess.Start(["lock", "taken", .. _served.Options, "--", "echo", "got it"]);

        (await holder.FinishAsync()).ShouldSucceed();

        Assert.That((await waiting.FinishAsync()).ShouldSucceed().Text, Is.EqualTo("got it\n"));
    }

    [Test]
    public async Task Signals_go_to_the_command([Values("INT", "TERM", "HUP")] string signal)
    {
        string script = $"trap 'echo trapped; exit 5' {signal}; echo ready; while :; do sleep 0.05; done";
        using CliProcess locked = CliProcess.Start(["lock", $"signal-{signal}", .. _served.Options, "--", "sh", "-c", script]);
        Assert.That(await locked.Output.ReadLineAsync().WaitAsync(CliProcess.Patience), Is.EqualTo("ready"));

        await locked.SignalAsync(signal);
        CliResult result = await locked.FinishAsync();

        Assert.That((result.ExitCode, result.Text, result.Error), Is.EqualTo((5, "trapped\n", "")));
    }

    [Test]
    public async Task Command_that_cannot_be_run_is_told_and_the_lock_is_free()
    {
        string file = _directory.WriteFile("no-program", "no"u8.ToArray());
        (await RunAsync("lock", "wrong", "--", _directory.Of("nowhere"))).ShouldFail(127, "cannot be run");
        (await RunAsync("lock", "wrong", "--try", "--", file)).ShouldFail(126, "cannot be run");
        (await RunAsync("lock", "wrong", "--try", "--", "true")).ShouldSucceed();
    }

    [Test]
    public async Task Command_that_loses_its_lock_is_ended()
    {
        using ServedStore served = await ServedStore.StartAsync(_certificates.Directory, "--memory");
        using CliProcess holder = await HoldAsync(served, "lost", "--ttl", "5s");

        await served.StopAsync("KILL");
        CliResult result = await holder.EndAsync([]);

        Assert.That(result.ExitCode, Is.EqualTo(75), result.Error);
        Assert.That(result.Error, Does.Contain("the lock 'lost' was lost, or may be, while sh was running"));
    }

    /// <summary>Holds a lock until the command's stdin ends.</summary>
    private static async Task<CliProcess> HoldAsync(ServedStore served, string name, params string[] options)
    {
        CliProcess holder = CliProcess.Start(["lock", name, .. options, .. served.Options, "--", "sh", "-c", "echo held; exec cat > /dev/null"]);
        Assert.That(await holder.Output.ReadLineAsync().WaitAsync(CliProcess.Patience), Is.EqualTo("held"));
        return holder;
    }

    private Task<CliResult> RunAsync(string verb, string name, params string[] arguments) =>
        CliProcess.RunAsync([verb, name, .. _served.Options, .. arguments]);
}
