using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace WsStorage.Architecture.Tests;

/// <summary>Every arrow points down.</summary>
[TestFixture]
public sealed class ReferenceTests
{
    private static readonly IReadOnlyList<SourceProject> Projects = SourceProject.All;

    [Test]
    public void There_are_projects_to_look_at() =>
        Assert.That(Projects.Select(project => project.Name), Does.Contain("Storage.Abstractions").And.Contain("Storage.Core"));

    [TestCaseSource(nameof(Projects))]
    public void A_project_references_only_what_it_may(object project)
    {
        var source = (SourceProject)project;
        Assert.That(HouseRules.Of.Keys, Does.Contain(source.Name), "a new project needs a line in HouseRules");
        HouseRules rules = HouseRules.Of[source.Name];
        Assert.That(source.ProjectReferences, Is.SubsetOf(rules.Projects ?? [.. HouseRules.Of.Keys]));
        Assert.That(source.PackageReferences, Is.SubsetOf(rules.Packages));
        Assert.That(source.FrameworkReferences, Is.SubsetOf(rules.Frameworks));
    }

    [TestCaseSource(nameof(Projects))]
    public void A_project_is_in_the_solution(object project)
    {
        var source = (SourceProject)project;
        string solution = File.ReadAllText(Path.Combine(SourceProject.Root, "WsStorage.sln"));
        Assert.That(solution, Does.Contain($"\"src\\{source.Name}\\{source.Name}.csproj\""));
    }

    [TestCaseSource(nameof(Projects))]
    public void Internals_are_visible_to_own_tests_and_benchmarks_only(object project)
    {
        var source = (SourceProject)project;
        Assert.That(source.FriendAssemblies, Is.SubsetOf([$"Ws{source.Name}.Tests", "WsStorage.Benchmarks"]));
        foreach (string file in source.Sources)
        {
            Assert.That(File.ReadAllText(file), Does.Not.Contain("InternalsVisibleTo"), $"{file}: say it in the project file");
        }
    }

    [Test]
    public void The_protocol_does_no_io()
    {
        // A project that is not there yet can't break the rule; once it is there, its own row above says so if it is unknown.
        if (SourceProject.All.FirstOrDefault(project => project.Name is "Storage.Protocol") is not { } protocol)
        {
            Assert.Ignore("there is no Storage.Protocol");
            return;
        }

        Assert.That(
            ReferencedTypes(protocol.LoadAssembly()).Where(DoesIO),
            Is.Empty,
            "protocol code takes spans and buffer writers; sockets and streams belong to the transport");
    }

    [Test]
    public void The_look_for_io_finds_it()
    {
        // These tests themselves read files: proof that the test above could fail.
        Assert.That(ReferencedTypes(typeof(ReferenceTests).Assembly).Where(DoesIO), Does.Contain("System.IO.File"));
    }

    private static bool DoesIO(string type) =>
        type.StartsWith("System.Net.", StringComparison.Ordinal) || type.StartsWith("System.IO.", StringComparison.Ordinal);

    private static List<string> ReferencedTypes(Assembly assembly)
    {
        using FileStream file = File.OpenRead(assembly.Location);
        using var image = new PEReader(file);
        MetadataReader metadata = image.GetMetadataReader();
        return [.. metadata.TypeReferences
            .Select(metadata.GetTypeReference)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")];
    }
}
