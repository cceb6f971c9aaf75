using System.Reflection;
using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Tests;

public class GoalTests
{
    [Test]
    public void All_goals_are_among_all()
    {
        IEnumerable<object?> fields = typeof(Goals).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.FieldType == typeof(Goal))
            .Select(field => field.GetValue(null));
        Assert.That(Goals.All, Is.EquivalentTo(fields));
        Assert.That(Goals.All, Is.Unique);
    }

    [TestCase(1.2, true, 1.2, "yes")]
    [TestCase(1.0, true, 1.0, "yes")]
    [TestCase(0.5, false, 0.5, "no: 50 % of it")]
    public void At_least_is_reached_from_below(double value, bool isReached, double share, string judgement) =>
        AssertGoal(Goal.AtLeast("what", "whom", 1), value, isReached, share, judgement);

    [TestCase(100, true, 2, "yes")]
    [TestCase(200, true, 1, "yes")]
    [TestCase(400, false, 0.5, "no: 2.00 times as much")]
    public void At_most_is_reached_from_above(double value, bool isReached, double share, string judgement) =>
        AssertGoal(Goal.AtMost("what", "", 200, "ns"), value, isReached, share, judgement);

    [TestCase(0, true, 1, "yes")]
    [TestCase(16, false, 0, "no: 16 bytes too many")]
    public void Nothing_at_all_can_be_a_goal(double value, bool isReached, double share, string judgement) =>
        AssertGoal(Goal.AtMost("what", "", 0, "bytes"), value, isReached, share, judgement);

    private static void AssertGoal(Goal goal, double value, bool isReached, double share, string judgement) =>
        Assert.That((goal.IsReachedBy(value), goal.ShareReachedBy(value), goal.Judge(value)), Is.EqualTo((isReached, share, judgement)));
}
