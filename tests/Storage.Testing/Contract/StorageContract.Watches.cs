namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public async Task A_watch_begins_with_a_mark_of_where_it_begins()
    {
        Revision written = await PutAsync("a", "1");
        await using WatchProbe watch = await WatchAsync(new WatchOptions());
        Assert.That(watch.Start.Revision, Is.GreaterThanOrEqualTo(written), "what was acknowledged before is not told");
        StorageInfo info = await Storage.GetInfoAsync(Deadline);
        Assert.That(watch.Start.Epoch, Is.EqualTo(info.Epoch));
        Assert.That(watch.Start, Is.EqualTo(info.Position).Or.Matches<Position>(start => start.Revision < info.Revision));
    }

    [Test]
    public async Task A_watch_from_now_tells_what_is_written_after_its_beginning()
    {
        await PutAsync("before", "1");
        await using WatchProbe watch = await WatchAsync(new WatchOptions());
        DateTimeOffset earliest = DateTimeOffset.UtcNow.AddHours(-1);
        Revision put = await PutAsync("a", "1");
        Revision removed = (await WriteAsync(new WriteBatch().Remove("a").Put("b", "2").RemoveRange(KeyRange.Prefix("c")))).Revision;
        ToldEvent first = await watch.NextChangesAsync();
        Assert.That($"{first}", Is.EqualTo($"{put}: put \"a\"=\"1\" (was absent)").Or.EqualTo($"{put}: put \"a\"=\"1\""));
        Assert.That(first.CommitTime, Is.GreaterThan(earliest));
        ToldEvent second = await watch.NextChangesAsync();
        Assert.That(second.Revision, Is.EqualTo(removed));
        Assert.That(second.Changes.Select(change => $"{change.Operation}"), Is.EqualTo(["remove \"a\"", "put \"b\"=\"2\"", "remove [\"c\", \"d\")"]));
        Assert.That(second.Position, Is.EqualTo((await Storage.GetInfoAsync(Deadline)).Position));
    }

    [Test]
    public async Task A_write_without_effect_is_not_told()
    {
        await using WatchProbe watch = await WatchAsync(new WatchOptions());
        await WriteAsync(new WriteBatch());
        await WriteAsync(new WriteBatch().RequireAbsent(B("a")));
        await WriteAsync(new WriteBatch().RequirePresent(B("a")).Put("a", "refused"));
        Revision put = await PutAsync("a", "1");
        Assert.That((await watch.NextChangesAsync()).Revision, Is.EqualTo(put));
    }

    [Test]
    public async Task A_watch_goes_on_after_the_position_of_any_event()
    {
        Position start = (await Storage.GetInfoAsync(Deadline)).Position;
        await WriteAtOnceAsync(40);
        Revision last = await PutAsync("last", "v");
        await using WatchProbe all = await WatchAsync(new WatchOptions { After = start });
        await all.ReadThroughAsync(last);
        Assert.That(all.Start, Is.EqualTo(start));
        Assert.That(all.Changes.Count(), Is.EqualTo(41));
        ToldEvent[] changes = [.. all.Changes];
        for (int i = 0; i < changes.Length - 1; i++)
        {
            await using WatchProbe rest = await WatchAsync(new WatchOptions { After = changes[i].Position });
            await rest.ReadThroughAsync(last);
            Assert.That(rest.Start, Is.EqualTo(changes[i].Position));
            Assert.That(rest.Changes.Select(told => $"{told}"), Is.EqualTo(changes[(i + 1)..].Select(told => $"{told}")));
        }
    }

    [Test]
    public async Task A_watch_from_the_past_goes_on_with_what_is_written_then()
    {
        Position start = (await Storage.GetInfoAsync(Deadline)).Position;
        await PutAsync("a", "1");
        await using WatchProbe watch = await WatchAsync(new WatchOptions { After = start });
        Revision second = await PutAsync("a", "2");
        await watch.ReadThroughAsync(second);
        Revision third = await PutAsync("a", "3");
        await watch.ReadThroughAsync(third);
        Assert.That(
            watch.Changes.SelectMany(told => told.Changes).Select(change => $"{change.Operation}"),
            Is.EqualTo(["put \"a\"=\"1\"", "put \"a\"=\"2\"", "put \"a\"=\"3\""]));
    }

    [Test]
    public async Task A_watch_tells_of_its_range_only_and_cuts_removals_to_it()
    {
        await using WatchProbe watch = await WatchAsync(new WatchOptions { Range = KeyRange.Between(B("b"), B("d")) });
        await PutAsync("a", "1");
        await PutAsync("d", "1");
        await WriteAsync(new WriteBatch().RemoveRange(KeyRange.From(B("d"))).RemoveRange(KeyRange.Between(default, B("b"))));
        await WriteAsync(new WriteBatch().Put("a", "2").Put("b", "2").Put("cz", "2").Put("d", "2"));
        await WriteAsync(new WriteBatch().RemoveRange(KeyRange.All).RemoveRange(KeyRange.Between(B("bb"), B("x"))));
        await WriteAsync(new WriteBatch().RemoveRange(KeyRange.Between(B("bc"), B("bd"))).RemoveRange(KeyRange.Between(B("c"), B("b"))));
        List<string> told = [];
        for (int i = 0; i < 3; i++)
        {
            told.Add(string.Join(", ", (await watch.NextChangesAsync()).Changes.Select(change => $"{change.Operation}")));
        }

        Assert.That(told, Is.EqualTo([
            "put \"b\"=\"2\", put \"cz\"=\"2\"",
            "remove [\"b\", \"d\"), remove [\"bb\", \"d\")",
            "remove [\"bc\", \"bd\")",
        ]));
    }

    [Test]
    public async Task A_watch_of_all_keys_is_told_each_batch_as_it_was_committed([Values] bool late)
    {
        Requires(ContractFeature.DenseRevisions);
        Requires(ContractFeature.PositionHash);
        Position start = (await Storage.GetInfoAsync(Deadline)).Position;
        await using IAsyncEnumerator<WatchEvent> watch =
            Storage.WatchAsync(new WatchOptions { After = start }, Deadline).GetAsyncEnumerator(Deadline);
        ValueTask<bool> next = default;
        if (!late)
        {
            await watch.MoveNextAsync();
            next = watch.MoveNextAsync();
        }

        WriteBatch[] batches =
        [
            new WriteBatch().Put("a", "1"),
            new WriteBatch().RemoveRange(KeyRange.Between(B("c"), B("b"))),
            new WriteBatch().Put("b", "").RemoveRange(KeyRange.Between(B("x"), B("x"))).RemoveRange(KeyRange.All),
        ];
        List<string> expected = [];
        foreach (WriteBatch batch in batches)
        {
            await WriteAsync(batch);
            expected.Add($"{(await Storage.GetInfoAsync(Deadline)).Position} {Convert.ToHexString(batch.PackedOperations)}");
        }

        List<string> told = [];
        next = late ? watch.MoveNextAsync() : next;
        while (await next)
        {
            if (watch.Current.Kind == WatchEventKind.Changes)
            {
                told.Add($"{watch.Current.Position} {Convert.ToHexString(watch.Current.PackedOperations.Span)}");
            }

            if (told.Count == batches.Length)
            {
                break;
            }

            next = watch.MoveNextAsync();
        }

        Assert.That(told, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_watch_leaves_values_out_if_asked()
    {
        await using WatchProbe watch = await WatchAsync(new WatchOptions { KeysOnly = true });
        await WriteAsync(new WriteBatch().Put("a", "1").Remove("b").Put("c", "").RemoveRange(KeyRange.Prefix("d")));
        Assert.That(
            (await watch.NextChangesAsync()).Changes.Select(change => $"{change.Operation}"),
            Is.EqualTo(["put \"a\"=\"\"", "remove \"b\"", "put \"c\"=\"\"", "remove [\"d\", \"e\")"]));
    }

    [Test]
    public async Task A_watch_brings_what_was_before_along_if_asked([Values] bool late)
    {
        Requires(ContractFeature.PreviousValues);
        Position start = (await Storage.GetInfoAsync(Deadline)).Position;
        var options = new WatchOptions { Range = KeyRange.Prefix("k"), PreviousValues = true, After = start };
        WatchProbe? watch = late ? null : await WatchAsync(options);
        await WriteAsync(new WriteBatch().Put("k1", "a").Put("other", "x").Put("k1", "b").Remove("k1").Put("k2", ""));
        await WriteAsync(new WriteBatch().Put("k2", "c").Remove("k3").RemoveRange(KeyRange.Prefix("k")).Put("k2", "d"));
        await WriteAsync(new WriteBatch().RemoveRange(KeyRange.Prefix("k")));
        await using (watch ??= await WatchAsync(options))
        {
            List<string> told = [];
            for (int i = 0; i < 3; i++)
            {
                told.Add(string.Join(", ", (await watch.NextChangesAsync()).Changes));
            }

            Assert.That(told, Is.EqualTo([
                "put \"k1\"=\"a\" (was absent), put \"k1\"=\"b\" (was \"a\"), remove \"k1\" (was \"b\"), put \"k2\"=\"\" (was absent)",
                "put \"k2\"=\"c\" (was \"\"), remove \"k3\" (was absent), remove [\"k\", \"l\"), put \"k2\"=\"d\" (was absent)",
                "remove [\"k\", \"l\")",
            ]));
        }
    }

    [Test]
    public async Task What_was_before_is_left_out_unless_asked()
    {
        await PutAsync("a", "1");
        await using WatchProbe watch = await WatchAsync(new WatchOptions());
        await WriteAsync(new WriteBatch().Put("a", "2").Remove("a"));
        Assert.That(
            (await watch.NextChangesAsync()).Changes.Select(change => change.PreviousKind),
            Has.All.EqualTo(PreviousValueKind.Unknown));
    }

    private protected Task<WatchProbe> WatchAsync(WatchOptions options) => WatchProbe.StartAsync(Storage, options, Deadline);

    /// <summary>Writes many batches so that they are committed together, where the storage does that.</summary>
    private protected async Task WriteAtOnceAsync(int count)
    {
        WriteBatch[] batches = [.. Enumerable.Range(0, count).Select(i => new WriteBatch().Put($"{i:d3}", $"{i}").Remove($"x{i}"))];
        if (Storage is IBatchStorage batched)
        {
            await batched.WriteManyAsync(batches, new WriteResult[count], Deadline);
        }
        else
        {
            await Task.WhenAll(batches.Select(batch => Storage.WriteAsync(batch, Deadline).AsTask()));
        }
    }
}
