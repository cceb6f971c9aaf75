using System.Globalization;
using System.Text;
using WsStorage.Core;

namespace WsStorage.Tests;

[TestFixture]
public sealed class TypedStorageTests
{
    private InMemoryStorage _storage = null!;
    private TypedStorage<int> _numbers = null!;

    [SetUp]
    public void Open()
    {
        _storage = new InMemoryStorage();
        _numbers = new TypedStorage<int>(_storage, new Digits(), "números/");
    }

    [TearDown]
    public async Task CloseAsync() => await _storage.DisposeAsync();

    [Test]
    public async Task Values_have_a_type_and_keys_a_prefix()
    {
        Assert.That(await _numbers.PutAsync("uno", 1), Is.EqualTo(new Revision(1)));
        Assert.That(await _numbers.GetAsync("uno"), Is.EqualTo((true, 1)));
        Assert.That(await _numbers.GetAsync("dos"), Is.EqualTo((false, 0)));
        Assert.That(await _storage.GetStringAsync("números/uno"), Is.EqualTo("1"));
        Assert.That(await _numbers.RemoveAsync("uno"), Is.EqualTo(new Revision(2)));
        Assert.That(await _numbers.GetAsync("uno"), Is.EqualTo((false, 0)));
    }

    [Test]
    public async Task A_scan_stays_within_the_prefix_and_leaves_it_out()
    {
        await _storage.PutStringAsync("números", "not in the view");
        await _storage.PutStringAsync("otros/a", "not in the view");
        await _numbers.PutAsync("a/2", 2);
        await _numbers.PutAsync("a/1", 1);
        await _numbers.PutAsync("b/3", 3);
        await _numbers.PutAsync("", 0);
        Assert.That(await ListAsync(""), Is.EqualTo(["=0", "a/1=1", "a/2=2", "b/3=3"]));
        Assert.That(await ListAsync("a/"), Is.EqualTo(["a/1=1", "a/2=2"]));
        Assert.That(await ListAsync("c"), Is.Empty);
    }

    [Test]
    public async Task Without_a_prefix_it_is_a_view_of_all()
    {
        var all = new TypedStorage<int>(_storage, new Digits());
        await all.PutAsync("a", 7);
        Assert.That(await _storage.GetStringAsync("a"), Is.EqualTo("7"));
        Assert.That(await all.GetAsync("a"), Is.EqualTo((true, 7)));
    }

    private async Task<List<string>> ListAsync(string prefix)
    {
        List<string> rows = [];
        await foreach ((string key, int value) in _numbers.ScanAsync(prefix))
        {
            rows.Add($"{key}={value}");
        }

        return rows;
    }

    private sealed class Digits : IValueSerializer<int>
    {
        public byte[] Serialize(int value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

        public int Deserialize(ReadOnlySpan<byte> bytes) => int.Parse(bytes, CultureInfo.InvariantCulture);
    }
}
