using WsStorage.Core;
using WsStorage.Testing;

namespace WsStorage.Tests;

[TestFixture]
public sealed class StorageExtensionsTests
{
    private InMemoryStorage _storage = null!;

    [SetUp]
    public void Open() => _storage = new InMemoryStorage();

    [TearDown]
    public async Task CloseAsync() => await _storage.DisposeAsync();

    [Test]
    public async Task One_key_conveniences()
    {
        Assert.That(await _storage.PutAsync(Bytes.Of("a"), Bytes.Of("1")), Is.EqualTo(new Revision(1)));
        Assert.That(await _storage.RemoveAsync(Bytes.Of("a")), Is.EqualTo(new Revision(2)));
        Assert.That(await _storage.RemoveRangeAsync(KeyRange.All), Is.EqualTo(new Revision(3)));
        Assert.That(await _storage.GetStringAsync("a"), Is.Null);
    }

    [Test]
    public async Task Try_add_sets_an_absent_key_only()
    {
        Assert.That(await _storage.TryAddAsync(Bytes.Of("a"), Bytes.Of("1")), Is.True);
        Assert.That(await _storage.TryAddAsync(Bytes.Of("a"), Bytes.Of("2")), Is.False);
        Assert.That(await _storage.GetStringAsync("a"), Is.EqualTo("1"));
    }

    [Test]
    public async Task Try_replace_sets_a_key_with_the_expected_value_only()
    {
        Assert.That(await _storage.TryReplaceAsync(Bytes.Of("a"), default, Bytes.Of("1")), Is.False);
        await _storage.PutStringAsync("a", "1");
        Assert.That(await _storage.TryReplaceAsync(Bytes.Of("a"), Bytes.Of("0"), Bytes.Of("2")), Is.False);
        Assert.That(await _storage.TryReplaceAsync(Bytes.Of("a"), Bytes.Of("1"), Bytes.Of("2")), Is.True);
        Assert.That(await _storage.GetStringAsync("a"), Is.EqualTo("2"));
    }

    [Test]
    public async Task Texts_are_utf8()
    {
        Assert.That(await _storage.PutStringAsync("ключ", "значение"), Is.EqualTo(new Revision(1)));
        Assert.That(await _storage.GetStringAsync("ключ"), Is.EqualTo("значение"));
        Assert.That((await _storage.GetAsync(Bytes.Of("ключ"))).Value, Is.EqualTo(Bytes.Of("значение")));
        await foreach (Entry row in _storage.ScanAsync(KeyRange.All))
        {
            Assert.That((row.KeyText, row.ValueText), Is.EqualTo(("ключ", "значение")));
        }

        Assert.That(await _storage.RemoveStringAsync("ключ"), Is.EqualTo(new Revision(2)));
        Assert.That(await _storage.GetStringAsync("ключ"), Is.Null);
    }

    [Test]
    public async Task Batches_take_texts()
    {
        await _storage.WriteAsync(new WriteBatch().Put("é", "1").Put("b", "2").Remove("b"));
        Assert.That(await _storage.GetStringAsync("é"), Is.EqualTo("1"));
        Assert.That(await _storage.GetStringAsync("b"), Is.Null);
    }

    [Test]
    public async Task Rows_outlive_their_page()
    {
        for (int i = 0; i < 100; i++)
        {
            await _storage.PutAsync(Bytes.Numbered("k", i), Bytes.Noise(100, i));
        }

        List<Entry> rows = [];
        await foreach (Entry row in _storage.ScanAsync(new ScanOptions { PageBytes = 1024 }))
        {
            rows.Add(row);
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.That(rows[i].Key, Is.EqualTo(Bytes.Numbered("k", i)));
            Assert.That(rows[i].Value, Is.EqualTo(Bytes.Noise(100, i)));
        }
    }

    [Test]
    public async Task Tokens_are_passed_on()
    {
        var cancelled = new CancellationToken(canceled: true);
        foreach (Func<Task> call in new Func<Task>[]
        {
            async () => await _storage.PutAsync(default, default, cancelled),
            async () => await _storage.RemoveAsync(default, cancelled),
            async () => await _storage.RemoveRangeAsync(default, cancelled),
            async () => await _storage.TryAddAsync(default, default, cancelled),
            async () => await _storage.TryReplaceAsync(default, default, default, cancelled),
            async () => await _storage.GetStringAsync("", cancelled),
            async () => await _storage.PutStringAsync("", "", cancelled),
            async () => await _storage.RemoveStringAsync("", cancelled),
            async () => await _storage.ScanAsync(KeyRange.All, cancelled).GetAsyncEnumerator(CancellationToken.None).MoveNextAsync(),
        })
        {
            await Assert.ThatAsync(call, Throws.InstanceOf<OperationCanceledException>());
        }
    }
}
