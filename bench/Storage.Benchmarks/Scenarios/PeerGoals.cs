using WsStorage.Benchmarks.Hosting;
using WsStorage.Benchmarks.Measuring;

namespace WsStorage.Benchmarks.Scenarios;

/// <summary>Goals against peers that took part in the same contest.</summary>
internal static class PeerGoals
{
    /// <summary>Holds ours against a peer.</summary>
    public static void Check(this ScenarioResult result, Goal goal, Contest contest, string ours, string peer) =>
        result.Check(goal, contest[ours].Over(contest[peer]));

    /// <summary>Holds ours against a Redis, or says that there is none.</summary>
    public static void CheckRedis(this ScenarioResult result, Goal goal, Contest contest, string ours, string redis)
    {
        if (contest.Has(redis))
        {
            result.Check(goal, contest, ours, redis);
        }
        else
        {
            result.Skip(goal, RedisServer.NotInstalled);
        }
    }
}
