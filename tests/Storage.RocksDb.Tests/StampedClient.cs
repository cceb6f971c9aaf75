using System.Globalization;

namespace WsStorage.RocksDb.Tests;

/// <summary>
/// A client that numbers its writes and sends again what was not answered, over the life of processes. Its writes move a
/// counter on, each from the value that the write before it left: one that is lost or applied twice makes the next ones fail.
/// Every seventh is meant to be refused.
/// </summary>
/// <param name="session">Its number.</param>
internal sealed class StampedClient(int session)
{
    private readonly SortedDictionary<ulong, (string Before, string After)> _unanswered = [];
    private readonly Dictionary<ulong, ulong> _revisions = [];
    private ulong _sent;
    private string _counter = "-";
    private bool _isUnanswered = true;

    /// <summary>How many writes were sent and not answered.</summary>
    public int Waiting => _unanswered.Count;

    /// <summary>What the counter is when everything is applied once.</summary>
    public string Counter => _counter;

    /// <summary>The counters that the applied writes have set, each once.</summary>
    public IEnumerable<string> Applied => Enumerable.Range(1, (int)_sent).Where(n => !IsMeantToFail((ulong)n)).Select(n => $"{n}");

    /// <summary>Makes the next write.</summary>
    /// <returns>The line to send.</returns>
    public string Send()
    {
        ulong number = ++_sent;
        string after = number.ToString(CultureInfo.InvariantCulture);
        _unanswered.Add(number, (IsMeantToFail(number) ? "never" : _counter, after));
        _counter = IsMeantToFail(number) ? _counter : after;
        return ToLine(number, "first");
    }

    /// <summary>What to send to a new process.</summary>
    /// <returns>The lines, in the order of numbers.</returns>
    public string[] SendAgain() => [.. _unanswered.Keys.Select(number => ToLine(number, _isUnanswered ? "unanswered" : "again"))];

    /// <summary>Takes an answer.</summary>
    /// <param name="words">The line: session, number, outcome, revision.</param>
    public void Take(string[] words)
    {
        ulong number = ulong.Parse(words[1], CultureInfo.InvariantCulture);
        Assert.That(_unanswered.Remove(number), $"{number} was not asked for");
        Assert.That(words[2], Is.EqualTo(IsMeantToFail(number) ? "refused" : "applied"), $"write {number} of session {session}");
        _isUnanswered = false;
        if (!IsMeantToFail(number))
        {
            _revisions.Add(number, ulong.Parse(words[3], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Checks that the answers' revisions are in the order of the numbers.</summary>
    public void CheckRevisions() =>
        Assert.That(_revisions.OrderBy(each => each.Key).Select(each => each.Value), Is.Ordered.And.Unique);

    private static bool IsMeantToFail(ulong number) => number % 7 == 0;

    private string ToLine(ulong number, string flag)
    {
        ulong acknowledged = (_unanswered.Count == 0 ? number : _unanswered.Keys.First()) - 1;
        (string before, string after) = _unanswered[number];
        return $"{session} {number} {acknowledged} {flag} {before} {after}";
    }
}
