using WsStorage.Testing;

namespace WsStorage.WsClient.Tests;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ClientIdTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ScriptedServer _server = new();

    private string File => Path.Combine(_directory.FullPath, "client-id");

    public void Dispose() => _directory.Dispose();

    [Test]
    public async Task The_hello_says_the_id_that_was_given_and_says_it_again_on_every_connection()
    {
        var id = Guid.NewGuid();
        await using WsStorageClient client = _server.CreateClient(options => options with { ClientId = id });
        await client.ConnectAsync();
        ScriptedServer.Link link = await _server.AcceptAsync();
        Assert.That((await link.Hello).ClientId, Is.EqualTo(id));
        link.Cut();
        Assert.That((await (await _server.AcceptAsync()).Hello).ClientId, Is.EqualTo(id));
    }

    [Test]
    public async Task Without_one_each_client_has_its_own_and_keeps_it()
    {
        var ids = new List<Guid?>();
        for (int i = 0; i < 2; i++)
        {
            await using WsStorageClient client = _server.CreateClient();
            await client.ConnectAsync();
            ScriptedServer.Link link = await _server.AcceptAsync();
            ids.Add((await link.Hello).ClientId);
            link.Cut();
            Assert.That((await (await _server.AcceptAsync()).Hello).ClientId, Is.EqualTo(ids[i]));
        }

        Assert.That(ids, Is.Unique.And.All.Not.Null);
    }

    [Test]
    public async Task A_file_keeps_the_id_and_is_for_its_owner_only()
    {
        Guid? first = await SayHelloAsync();
        if (!OperatingSystem.IsWindows())
        {
            Assert.That(System.IO.File.GetUnixFileMode(File), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }

        Assert.That(Guid.Parse(await System.IO.File.ReadAllTextAsync(File)), Is.EqualTo(first));
        Assert.That(await SayHelloAsync(), Is.EqualTo(first));
        Assert.That(first, Is.Not.EqualTo(Guid.Empty));
    }

    [Test]
    public async Task A_file_that_another_client_has_is_locked_until_that_is_disposed_of()
    {
        await using (WsStorageClient first = Create())
        {
            StorageException error = Assert.Throws<StorageException>(() => Create())!;
            Assert.That(error.Code, Is.EqualTo(StorageErrorCode.Locked));
            Assert.That(error.Message, Does.Contain(File).And.Contain("Dispose of it first"));
        }

        await Create().DisposeAsync();
    }

    [TestCase("")]
    [TestCase("\n")]
    [TestCase("12345")]
    [TestCase("00000000-0000-0000-0000-000000000000\n")]
    [TestCase("6f9619ff-8b86-d011-b42d-00c04fc964ff and more of it, so that it is not mistaken for an id\n")]
    public async Task A_file_that_holds_something_else_is_refused_and_left_alone(string content)
    {
        await System.IO.File.WriteAllTextAsync(File, content);
        if (content.Length == 0)
        {
            Assert.That(await SayHelloAsync(), Is.Not.Null, "one that is empty was just made");
            return;
        }

        StorageException error = Assert.Throws<StorageException>(() => Create())!;
        Assert.That(error.Code, Is.EqualTo(StorageErrorCode.Corrupt));
        Assert.That(error.Message, Does.Contain(File).And.Contain("UUID"));
        Assert.That(await System.IO.File.ReadAllTextAsync(File), Is.EqualTo(content));
    }

    [Test]
    public void A_file_that_can_not_be_is_an_error_of_its_own()
    {
        StorageException missing = Assert.Throws<StorageException>(
            () => _server.CreateClient(options => options with { ClientIdFile = Path.Combine(_directory.FullPath, "none", "id") }))!;
        Assert.That((missing.Code, missing.Message.Contains("directory", StringComparison.Ordinal)), Is.EqualTo((StorageErrorCode.IOError, true)));
        StorageException directory = Assert.Throws<StorageException>(
            () => _server.CreateClient(options => options with { ClientIdFile = _directory.FullPath }))!;
        Assert.That(directory.Code, Is.EqualTo(StorageErrorCode.IOError));
    }

    [Test]
    public void Options_that_contradict_each_other_are_refused_by_name()
    {
        Refuse(options => options with { ClientId = Guid.NewGuid(), ClientIdFile = File }, nameof(WsStorageClientOptions.ClientIdFile));
        Refuse(options => options with { ClientId = Guid.Empty }, nameof(WsStorageClientOptions.ClientId));
        Refuse(options => options with { ClientIdFile = string.Empty }, nameof(WsStorageClientOptions.ClientIdFile));
        Refuse(options => options with { FallbackUrls = [new Uri("https://other/storage")] }, "https://other/storage");
        Refuse(options => options with { ReconnectBaseDelay = TimeSpan.Zero }, nameof(WsStorageClientOptions.ReconnectBaseDelay));
        Refuse(options => options with { ReconnectMaxDelay = TimeSpan.FromMilliseconds(1) }, nameof(WsStorageClientOptions.ReconnectMaxDelay));
        Refuse(options => options with { MaxReconnectAttempts = 0 }, nameof(WsStorageClientOptions.MaxReconnectAttempts));
        Refuse(options => options with { WatchWindowBytes = 10 }, nameof(WsStorageClientOptions.WatchWindowBytes));
        Assert.That(System.IO.File.Exists(File), Is.False);

        void Refuse(Func<WsStorageClientOptions, WsStorageClientOptions> configure, string name)
        {
            StorageException error = Assert.Throws<StorageException>(() => _server.CreateClient(configure))!;
            Assert.That((error.Code, error.Message.Contains(name, StringComparison.Ordinal)), Is.EqualTo((StorageErrorCode.InvalidArgument, true)));
        }
    }

    private WsStorageClient Create() => _server.CreateClient(options => options with { ClientIdFile = File });

    private async Task<Guid?> SayHelloAsync()
    {
        await using WsStorageClient client = Create();
        await client.ConnectAsync();
        return (await (await _server.AcceptAsync()).Hello).ClientId;
    }
}
