namespace WsStorage.Architecture.Tests;

[TestFixture]
public sealed class StyleTests
{
    private const int MaxLines = 400;

    private static readonly string[] EmptyNames = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utilities", "Impl"];

    private static readonly IEnumerable<SourceProject> Libraries = SourceProject.Libraries;

    private static readonly IReadOnlyList<SourceProject> Projects = SourceProject.All;

    [TestCaseSource(nameof(Projects))]
    public void No_file_is_too_long(object project)
    {
        IEnumerable<string> tooLong = ((SourceProject)project).Sources
            .Select(file => (File: Path.GetRelativePath(SourceProject.Root, file), Lines: File.ReadLines(file).Count()))
            .Where(each => each.Lines > MaxLines)
            .Select(each => $"{each.File} has {each.Lines} lines");
        Assert.That(tooLong, Is.Empty, $"a file has one job and at most {MaxLines} lines");
    }

    [TestCaseSource(nameof(Libraries))]
    public void No_type_has_a_name_that_says_nothing(object library)
    {
        IEnumerable<string> names = ((SourceProject)library).LoadAssembly().GetTypes().Select(type => type.Name.Split('`')[0]);
        Assert.That(names.Where(name => EmptyNames.Any(empty => name.EndsWith(empty, StringComparison.Ordinal))), Is.Empty);
    }

    [TestCaseSource(nameof(Libraries))]
    public void A_library_keeps_its_namespace(object library)
    {
        var source = (SourceProject)library;
        string root = source.Name is "Storage.Abstractions" ? "WsStorage" : $"Ws{source.Name}";
        IEnumerable<string?> namespaces = source.LoadAssembly().GetExportedTypes().Select(type => type.Namespace).Distinct(StringComparer.Ordinal);
        Assert.That($"{string.Join(". ", namespaces)}.".Split(' '), Has.All.StartsWith($"{root}."));
    }
}
