using System.Text.RegularExpressions;

namespace WsStorage.Docs.Tests;

/// <summary>What a page links to is there.</summary>
public partial class LinkTests
{
    private static IEnumerable<string> Pages => Repository.Pages;

    [TestCaseSource(nameof(Pages))]
    public void Every_link_within_the_repository_leads_somewhere(string page)
    {
        string directory = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        IEnumerable<string> broken = Link().Matches(Repository.Read(page))
            .Select(match => match.Groups["target"].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#'))
            .Where(target => !Path.Exists(Path.Combine(directory, target.Split('#')[0])));
        Assert.That(broken, Is.Empty);
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Link();
}
