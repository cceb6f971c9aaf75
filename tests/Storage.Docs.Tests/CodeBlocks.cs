using System.Text.RegularExpressions;

namespace WsStorage.Docs.Tests;

/// <summary>The code blocks of a page.</summary>
internal static partial class CodeBlocks
{
    public static string[] Find(string page, string language) =>
        [.. Block().Matches(page).Where(match => match.Groups["language"].Value.Equals(language, StringComparison.Ordinal))
            .Select(match => match.Groups["code"].Value)];

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Block();
}
