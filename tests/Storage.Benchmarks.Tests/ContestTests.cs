using WsStorage.Benchmarks.Load;
using WsStorage.Benchmarks.Measuring;
using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks.Tests;

public class ContestTests
{
    private static readonly Progress<string> Unheard = new();

    [Test]
    public async Task Contenders_take_turns_and_the_first_rounds_do_not_count()
    {
        var order = new List<string>();
        Contest contest = await new Contest("x/s", rounds: 2, Unheard)
            .Add("a", Counting("a", order))
            .Add("b", Counting("b", order))
            .RunAsync(CancellationToken.None);
        Assert.That(order, Is.EqualTo(["a", "b", "a", "b", "a", "b", "a", "b"]));
        Assert.That(contest["a"].Values, Is.EqualTo([5d, 7d]));
        Assert.That(contest["b"].Values, Is.EqualTo([6d, 8d]));
        Assert.That(contest.All.Select(series => (series.Name, series.Unit)), Is.EqualTo([("a", "x/s"), ("b", "x/s")]));
        Assert.That((contest.Has("a"), contest.Has("c")), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task Latencies_are_those_of_each_round()
    {
        var options = new RunOptions { Duration = TimeSpan.FromMilliseconds(20) };
        Contest contest = await new Contest("x/s", rounds: 3, Unheard)
            .Add("a", token => ClosedLoop.MeasureAsync([() => new ValueTask(Task.Run(Thread.Yield, token))], options, token))
            .RunAsync(CancellationToken.None);
        Series p50 = contest.LatencyOf("a", 0.5);
        Assert.That((p50.Name, p50.Unit, p50.Values.Count), Is.EqualTo(("a, p50", "us", 3)));
    }

    [Test]
    public async Task Nobody_is_measured_after_the_end_was_asked_for()
    {
        using var end = new CancellationTokenSource();
        var order = new List<string>();
        Contest contest = new Contest("x/s", rounds: 5, Unheard)
            .Add("a", Counting("a", order))
            .Add("b", async _ =>
            {
                await end.CancelAsync();
                return new Sample(1);
            });
        await Assert.ThrowsAsync<OperationCanceledException>(() => contest.RunAsync(end.Token));
        Assert.That(order, Is.EqualTo(["a"]));
    }

    private static Func<CancellationToken, Task<Sample>> Counting(string name, List<string> order) => _ =>
    {
        order.Add(name);
        return Task.FromResult(new Sample(order.Count));
    };
}
