using WsStorage.Testing;
using WsStorage.Transport.Tls;

namespace WsStorage.Transport.Tests.Tls;

public sealed class PasswordSourceTests
{
    private TemporaryDirectory _directory = null!;

    [SetUp]
    public void MakeDirectory() => _directory = new TemporaryDirectory();

    [TearDown]
    public void RemoveDirectory() => _directory.Dispose();

    [TestCase("secret", "secret")]
    [TestCase("secret\n", "secret")]
    [TestCase("secret\r\n", "secret")]
    [TestCase("secret\n\n", "secret\n")]
    [TestCase(" secret ", " secret ")]
    [TestCase("pässwörd\n", "pässwörd")]
    [TestCase("", "")]
    public void A_file_gives_its_text_without_the_last_line_end(string content, string expected)
    {
        string path = _directory.Combine("password");
        File.WriteAllText(path, content);
        Assert.That(PasswordSource.FromFile(path).Read(), Is.EqualTo(expected));
    }

    [Test]
    public void A_missing_file_is_named()
    {
        string path = _directory.Combine("none");
        StorageException e = Assert.Throws<StorageException>(() => PasswordSource.FromFile(path).Read())!;
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.NotFound));
        Assert.That(e.Message, Does.Contain(path));
    }

    [Test]
    public void A_file_that_is_too_large_to_be_a_password_is_refused()
    {
        string path = _directory.Combine("large");
        File.WriteAllText(path, new string('x', 5000));
        Assert.That(
            () => PasswordSource.FromFile(path).Read(),
            Throws.TypeOf<StorageException>().With.Property("Code").EqualTo(StorageErrorCode.InvalidArgument));
    }

    [Test]
    public void An_environment_variable_is_read_when_asked()
    {
        string variable = $"WSSTORAGE_TEST_{Guid.NewGuid():N}";
        PasswordSource source = PasswordSource.FromEnvironment(variable);
        Assert.That(
            source.Read,
            Throws.TypeOf<StorageException>().With.Message.Contains(variable).And.Property("Code").EqualTo(StorageErrorCode.NotFound));

        Environment.SetEnvironmentVariable(variable, "secret");
        Assert.That(source.Read(), Is.EqualTo("secret"));
        Environment.SetEnvironmentVariable(variable, null);
    }

    [Test]
    public void A_delegate_is_asked_each_time()
    {
        int asked = 0;
        PasswordSource source = PasswordSource.FromDelegate("the prompt", () => $"secret{++asked}");
        Assert.That(new[] { source.Read(), source.Read() }, Is.EqualTo(new[] { "secret1", "secret2" }));
    }

    [Test]
    public void The_description_never_holds_the_password()
    {
        Assert.That(PasswordSource.FromText("secret").ToString(), Does.Not.Contain("secret"));
        Assert.That(PasswordSource.None.Read(), Is.Empty);
    }
}
