using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Tests;

public class StatisticsTests
{
    [TestCase(new double[] { 3 }, 3)]
    [TestCase(new double[] { 9, 1, 5 }, 5)]
    [TestCase(new double[] { 4, 1, 3, 100 }, 3.5)]
    public void The_median_is_in_the_middle(double[] values, double median) => Assert.That(values.Median(), Is.EqualTo(median));

    [Test]
    public void A_ratio_has_median_and_spread() =>
        Assert.That(Ratio.Of([1.5, 0.5, 1]), Is.EqualTo(new Ratio(1, 0.5, 1.5)));

    [Test]
    public void Contenders_are_compared_round_by_round()
    {
        // Both slow down in the second round: the medians of each alone would not tell that ours is always twice as fast.
        var ours = new Series("ours", "x/s", [20, 2, 10]);
        var other = new Series("other", "x/s", [10, 1, 5]);
        Assert.That(ours.Over(other), Is.EqualTo(new Ratio(2, 2, 2)));
        Assert.That((ours.Median, ours.Min, ours.Max), Is.EqualTo((10d, 2d, 20d)));
    }
}
