using System.Reflection;
using System.Xml.Linq;

namespace WsStorage.Architecture.Tests;

/// <summary>A project under src, as its build files and sources stand on the disk.</summary>
internal sealed class SourceProject
{
    private readonly XElement[] _items;

    private SourceProject(string directory)
    {
        Directory = directory;
        Name = Path.GetFileName(directory);
        _items =
        [
            .. new[] { "*.csproj", "*.props", "*.targets" }
                .SelectMany(Files)
                .SelectMany(file => XDocument.Load(file).Descendants())
                .Where(element => element.Parent?.Name.LocalName is "ItemGroup"),
        ];
    }

    /// <summary>The top of the repository: where the solution file is.</summary>
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceProject> All { get; } =
    [
        .. System.IO.Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetDirectoryName(file)!)
            .Order(StringComparer.Ordinal)
            .Select(directory => new SourceProject(directory)),
    ];

    /// <summary>The projects that others build on: all but the command line.</summary>
    public static IEnumerable<SourceProject> Libraries => All.Where(project => project.Name is not "Storage.Cli");

    public string Name { get; }

    public string Directory { get; }

    public IEnumerable<string> ProjectReferences =>
        Includes("ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')));

    public IEnumerable<string> PackageReferences => Includes("PackageReference");

    public IEnumerable<string> FrameworkReferences => Includes("FrameworkReference");

    public IEnumerable<string> FriendAssemblies => Includes("InternalsVisibleTo");

    public IEnumerable<string> Sources => Files("*.cs");

    public Assembly LoadAssembly() => Assembly.Load($"Ws{Name}");

    public override string ToString() => Name;

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "WsStorage.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside of the repository: no WsStorage.sln in any directory above them.");
    }

    private IEnumerable<string> Files(string pattern) =>
        System.IO.Directory.EnumerateFiles(Directory, pattern, SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Directory, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    private IEnumerable<string> Includes(string item) => _items
        .Where(element => string.Equals(element.Name.LocalName, item, StringComparison.Ordinal))
        .Select(element => element.Attribute("Include")?.Value)
        .OfType<string>()
        .SelectMany(include => include.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
