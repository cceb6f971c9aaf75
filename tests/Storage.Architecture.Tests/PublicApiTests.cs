namespace WsStorage.Architecture.Tests;

/// <summary>
/// The public surface of each library stands in its PublicApi.txt, so that changing it is a decision that a review sees.
/// With the environment variable UPDATE_PUBLIC_API=1 the files are written anew.
/// </summary>
[TestFixture]
public sealed class PublicApiTests
{
    private static readonly IEnumerable<SourceProject> Libraries = SourceProject.Libraries;

    [TestCaseSource(nameof(Libraries))]
    public void The_public_api_is_the_one_recorded(object library)
    {
        var source = (SourceProject)library;
        string path = Path.Combine(source.Directory, "PublicApi.txt");
        string actual = ApiText.Of(source.LoadAssembly());
        if (Environment.GetEnvironmentVariable("UPDATE_PUBLIC_API") is "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        const string remedy = "If the change is meant, run these tests once with UPDATE_PUBLIC_API=1 and commit the file.";
        Assert.That(path, Does.Exist, remedy);
        string[] recorded = File.ReadAllLines(path);
        string[] now = actual.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> removed = recorded.Where(line => line.Length > 0).Except(now, StringComparer.Ordinal).Select(line => $"- {line}");
        IEnumerable<string> added = now.Except(recorded, StringComparer.Ordinal).Select(line => $"+ {line}");
        Assert.That(removed.Concat(added), Is.Empty, remedy);
        Assert.That(File.ReadAllText(path), Is.EqualTo(actual), remedy);
    }
}
